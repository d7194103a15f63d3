#include "cli/options_certs.hpp"

#include <CLI/CLI.hpp>

#include "cli/certs_x509.hpp"

namespace logboom {

namespace {

using Action = CertOptions::Action;

constexpr int longest_ca_days = 36500;

CLI::App* declare(CLI::App& certs, CliOptions& options, Action action, const char* name, const char* about) {
  CLI::App* const command = certs.add_subcommand(name, about);
  command->callback([&options, action] { options.certs.action = action; });
  command->add_option("--dir", options.certs.folder, "The certificates' directory; `certs` beside the configuration")
      ->type_name("DIR");
  command->add_option("-c,--config", options.config_path, "The configuration file, beside which they are")
      ->type_name("FILE")
      ->take_last();
  command->add_flag("--json", options.json, "For programs");
  return command;
}

void declare_making(CLI::App& command, CertOptions& certs, int longest) {
  command.add_option("--days", certs.days, "How long it is valid")->type_name("DAYS")->check(CLI::Range(1, longest));
  command.add_flag("--rsa", certs.rsa, "An RSA key of 3072 bits, for old peers, instead of ECDSA's P-256");
  command.add_flag("--force", certs.force, "In place of files that are there");
}

/// A set for a server, to which clients connect by the first of its names.
void declare_set(CLI::App& certs, CliOptions& options, Action action, const char* name, const char* about,
                 const char* client) {
  CLI::App* const command = declare(certs, options, action, name, about);
  CertOptions& to = options.certs;
  command->add_option("names", to.names, "The server's names and addresses; clients connect to the first")->required();
  command->add_option("--client", to.client, client)->type_name("NAME")->capture_default_str();
  command->add_option("--port", to.port, "The port in the lines to paste")
      ->type_name("PORT")
      ->check(CLI::Range(1, 65535));
  command->add_option("--at", to.place, "The directory that the files will be in on the other host")->type_name("DIR");
  declare_making(*command, to, longest_leaf_days);
}

void declare_others(CLI::App& certs, CliOptions& options) {
  CertOptions& to = options.certs;
  CLI::App* const show = declare(certs, options, Action::show, "show",
                                 "List certificates; ends with 1 where one has expired, or will soon");
  show->add_option("paths", to.names, "Files and directories; the certificates' directory if not given");
  CLI::App* const renew = declare(certs, options, Action::renew, "renew", "Give certificates new dates");
  renew->add_option("certificates", to.names, "Files, or names; those that expire soon if not given");
  renew->add_option("--days", to.days, "How long they are valid")
      ->type_name("DAYS")
      ->check(CLI::Range(1, longest_ca_days));
  renew->add_flag("--new-key", to.new_key, "A new key, too");
  for (CLI::App* const command : {show, renew}) {
    command->add_option("--soon", to.soon, "What is soon")
        ->type_name("DAYS")
        ->check(CLI::Range(0, longest_ca_days))
        ->capture_default_str();
  }
  CLI::App* const revoke =
      declare(certs, options, Action::revoke, "revoke", "Put certificates on the list for crl_path");
  revoke->add_option("certificates", to.names, "Files, or names");
  revoke->add_option("--serial", to.serials, "The number of a certificate whose file is lost")->type_name("HEX");
}

}  // namespace

void declare_certs(CLI::App& app, CliOptions& options) {
  CLI::App* const certs = app.add_subcommand("certs", "Make a CA and certificates for TLS, and look after them");
  certs->require_subcommand(1);
  CertOptions& to = options.certs;
  CLI::App* const ca = declare(*certs, options, Action::ca, "ca", "Make a CA");
  ca->add_option("--name", to.ca_name, "What it is called")->type_name("TEXT");
  declare_making(*ca, to, longest_ca_days);
  CLI::App* const server = declare(*certs, options, Action::server, "server", "Make a server's certificate and key");
  server->add_option("names", to.names, "Its names and addresses; *.example.com is a wildcard")->required();
  server->add_option("--as", to.file_name, "What the files are called; after the first name if not given")
      ->type_name("NAME");
  declare_making(*server, to, longest_leaf_days);
  CLI::App* const client = declare(*certs, options, Action::client, "client", "Make clients' certificates and keys");
  client->add_option("names", to.names, "Whom they are for")->required();
  declare_making(*client, to, longest_leaf_days);
  declare_set(*certs, options, Action::docker_daemon, "docker-daemon",
              "Make what dockerd and its clients need for tlsverify, with the lines to paste",
              "Whom the client's is for");
  declare_set(*certs, options, Action::syslog_driver, "syslog-driver",
              "Make what Docker's syslog driver and logboom need for TLS, with the lines to paste",
              "The Docker host whose certificate this is");
  declare_set(*certs, options, Action::forward, "forward",
              "Make what a node and a central logboom need for forward over TLS, with the lines to paste",
              "The node whose certificate this is");
  declare_others(*certs, options);
}

}  // namespace logboom
