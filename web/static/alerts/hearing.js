// Hears of alerts over the live connection, for pages that do not look at the fleet itself.
import { io } from "../vendor/socket.io.mjs";

const PAUSE_MS = 500;
const DEAF_MS = 10_000;

/** Call `tell` with the ids of alerts that changed, or null where they are not known: after a time in which
 *  nothing was heard, and again and again while no connection is to be had. */
export function hearAlerts(tell) {
  const socket = io("/live", { transports: ["websocket", "polling"], tryAllTransports: true, reconnectionDelayMax: 5000 });
  let heard = new Set();
  let scheduled = 0;
  let isFirst = true;
  function schedule() {
    scheduled ||= setTimeout(() => {
      scheduled = 0;
      const ids = heard;
      heard = new Set();
      tell(ids);
    }, PAUSE_MS);
  }
  socket.on("connect", () => {
    socket.emit("alerts", {});
    if (!isFirst) tell(null);
    isFirst = false;
  });
  setInterval(() => socket.connected || tell(null), DEAF_MS);
  socket.on("alert", ({ alerts }) => {
    for (const { id } of alerts) heard.add(id);
    schedule();
  });
}
