// A server of the fluent organization for Node.js: prints its port, then each event as a line of JSON. The settings are
// JSON, the first argument.
const fs = require("fs");
const settings = JSON.parse(process.argv[2]);
const { FluentServer } = require(settings.module);

const options = { listenOptions: { port: 0, host: "127.0.0.1" }, security: settings.security };
if (settings.key) {
  options.tlsOptions = { cert: fs.readFileSync(settings.cert), key: fs.readFileSync(settings.key) };
  if (settings.ca) Object.assign(options.tlsOptions, { ca: fs.readFileSync(settings.ca), requestCert: true, rejectUnauthorized: true });
}
const server = new FluentServer(options);
server.on("entry", (tag, time, record) => console.log(JSON.stringify({ tag, record })));
server.listen().then(() => console.log(JSON.stringify({ port: server.port })));
