// One raw session from the command line, Node 22 or newer: every line typed is a request, every reply is printed as it
// comes, and a broken connection is resumed where the gateway allows it.
//
//   node session.mjs http://127.0.0.1:8080 echo

import { createInterface } from "node:readline/promises";
import { connect } from "../../public/zmq-gateway.js";

const [url = "http://127.0.0.1:8080", service = "echo"] = process.argv.slice(2);
const gateway = connect({ url });
const session = gateway.session(service, { resume: true, onstate: ({ state }) => console.error(`(${state})`) });
const input = createInterface({ input: process.stdin });

input.on("line", (line) => session.send(JSON.parse(line)));
input.on("close", () => session.close());
for await (const reply of session) console.log(JSON.stringify(reply));
input.close();
