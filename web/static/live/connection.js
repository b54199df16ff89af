// The live connection: opens by itself, comes back by itself, and says honestly how old the news is.
import { io } from "../vendor/socket.io.mjs";
import { say } from "./words.js";

// The server sends something each 5 s as long as it hears from its database.
const SILENT_AFTER_MS = 12_000;
const RETRY_MS = 3_000;

export class Connection {
  #socket;
  #urls;
  #heardAt = null;

  constructor({ sessionUrl, signInUrl, onSnapshot, onDelta, onAlert }) {
    this.#urls = { sessionUrl, signInUrl };
    this.#socket = io("/live", {
      transports: ["websocket", "polling"],
      tryAllTransports: true,
      reconnectionDelay: 500,
      reconnectionDelayMax: 5000,
    });
    this.#socket.on("connect", () => this.#socket.emit("view", { bounds: null, zoom: null, filters: {} }));
    this.#socket.on("snapshot", (message) => this.#hear(onSnapshot, message));
    this.#socket.on("delta", (message) => this.#hear(onDelta, message));
    this.#socket.on("alert", (message) => this.#hear(onAlert, message));
    this.#socket.on("connect_error", () => this.#findOutWhy());
    this.#socket.on("disconnect", (reason) => {
      if (reason === "io server disconnect") this.#findOutWhy();
    });
  }

  /** What to tell about the connection, or null while all is well. */
  describe() {
    if (this.#heardAt === null) return this.#socket.connected ? null : say("Connecting…");
    const silence = Date.now() - this.#heardAt;
    const time = saySilence(silence);
    if (!this.#socket.connected) return say("Connection lost, last update %(time)s ago; reconnecting…", { time });
    if (silence <= SILENT_AFTER_MS) return null;
    return say("No news from the server's database, last update %(time)s ago; waiting…", { time });
  }

  #hear(tell, message) {
    this.#heardAt = Date.now();
    tell(message);
  }

  // A refused connection looks like a lost one; whether we are still signed in tells them apart.
  async #findOutWhy() {
    try {
      const answer = await fetch(this.#urls.sessionUrl, { headers: { Accept: "application/json" } });
      if (answer.status === 401) location.assign(this.#urls.signInUrl);
    } catch {
      // The server is away: nothing to find out, the socket goes on trying.
    }
    if (!this.#socket.active) setTimeout(() => this.#socket.connect(), RETRY_MS);
  }
}

function saySilence(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 120 ? `${seconds} s` : `${Math.floor(seconds / 60)} min`;
}
