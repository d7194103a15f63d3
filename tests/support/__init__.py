"""What the end-to-end tests share: the process under test, forward-protocol clients, a Docker Engine."""
