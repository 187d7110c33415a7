// The page has one WebSocket. Each click on Start opens an exchange with many replies; Stop cancels it.

import { connect } from "/zmq-gateway.js";

const byID = (id) => document.getElementById(id);
const gateway = connect({ onstate: ({ state }) => { byID("state").textContent = state; } });
let abort = null;

byID("start").addEventListener("click", async () => {
  abort = new AbortController();
  setRunning(true);
  try {
    const ticks = gateway.stream("ticker", { count: 20 }, { signal: abort.signal });
    for await (const tick of ticks) show(JSON.stringify(tick));
    show("Done.");
  } catch (error) {
    show(error.name === "AbortError" ? "Stopped." : `${error.code}: ${error.message}`);
  }
  setRunning(false);
});
byID("stop").addEventListener("click", () => abort.abort());

function setRunning(isRunning) {
  byID("start").disabled = isRunning;
  byID("stop").disabled = !isRunning;
}

function show(text) {
  byID("ticks").append(Object.assign(document.createElement("li"), { textContent: text }));
}
