// Sends numbered events with the Node.js client of the fluent organization. The settings are JSON, the first argument.
const fs = require("fs");
const settings = JSON.parse(process.argv[2]);
const { FluentClient } = require(settings.module);

const socket = { host: "127.0.0.1", port: settings.port, timeout: 10000, disableReconnect: true };
if (settings.path) socket.path = settings.path;
if (settings.ca) {
  socket.tls = { ca: fs.readFileSync(settings.ca), servername: "localhost" };
  if (settings.cert) Object.assign(socket.tls, { cert: fs.readFileSync(settings.cert), key: fs.readFileSync(settings.key) });
}

function fail(error) {
  console.error(error.name + ": " + error.message);
  process.exit(1);
}

// It ends by itself, and without a word, where the server does not want it.
process.exitCode = 1;
const client = new FluentClient("node", {
  eventMode: settings.mode,
  ack: settings.ack ? { ackTimeout: 10000 } : undefined,
  security: settings.security,
  socket,
  onSocketError: fail,
});

async function run() {
  await client.connect();
  const sent = [];
  for (let n = 0; n < settings.count; n++) sent.push(client.emit("app", { n }, 1700000000));
  await Promise.all(sent);
  await client.disconnect();
}
run().then(() => process.exit(0), fail);
