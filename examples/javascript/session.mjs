// A raw session from the command line, for Node 22 or newer. Each line that you type is a request, and each reply is
// printed when it arrives. A lost connection is resumed if the gateway allows it.
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
