// @ts-check
/**
 * The page's end of `/browser/stream`: PCM16 frames as binary messages, everything else as JSON.
 *
 * @module
 */

/** Above this the network is slower than speech: frames are dropped, and counted, not queued. */
const MAX_BUFFERED_MS = 400;
/** A browser alone would try for minutes to reach a server that does not answer. */
const CONNECT_LIMIT_MS = 15_000;

/**
 * @typedef {object} WireHandlers
 * @property {() => void} opened
 * @property {(bytes: ArrayBuffer) => void} audio
 * @property {(news: any) => void} news One JSON message, `type` is a string.
 * @property {(why: { opened: boolean, code: number, reason: string }) => void} closed Once.
 */

export class Wire {
  #socket;
  #maxBufferedBytes;
  droppedFrames = 0;
  sentFrames = 0;

  /**
   * @param {number} rateHz
   * @param {string} secret Opens the socket of a new call; browsers can send it in a subprotocol alone.
   * @param {WireHandlers} handlers
   * @param {{ callId: string, token: string } | null} [resume] The call to go on with.
   */
  constructor(rateHz, secret, handlers, resume = null) {
    this.#maxBufferedBytes = rateHz * 2 * MAX_BUFFERED_MS / 1000;
    const url = new URL(`/browser/stream?rate=${rateHz}`, location.href);
    if (resume) {
      url.searchParams.set("call", resume.callId);
      url.searchParams.set("resume", resume.token);
    }
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    const keys = secret ? ["realtime", `openai-insecure-api-key.${secret}`] : [];
    const socket = this.#socket = new WebSocket(url, keys);
    socket.binaryType = "arraybuffer";
    let opened = false;
    const limit = setTimeout(() => socket.close(), CONNECT_LIMIT_MS);
    socket.onopen = () => {
      opened = true;
      clearTimeout(limit);
      handlers.opened();
    };
    socket.onmessage = ({ data }) => {
      if (typeof data !== "string") return handlers.audio(data);
      const news = parseNews(data);
      if (news) handlers.news(news);
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(limit);
      handlers.closed({ opened, code, reason });
    };
  }

  /** It isn't open yet, and may still be. */
  get opening() {
    return this.#socket.readyState === WebSocket.CONNECTING;
  }

  /** @param {Int16Array} frame */
  sendFrame(frame) {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#maxBufferedBytes) {
      this.droppedFrames++;
      return;
    }
    this.sentFrames++;
    this.#socket.send(/** @type {any} */ (frame));
  }

  /** @param {Record<string, unknown>} message @returns False when the wire can't take it. */
  send(message) {
    if (this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(message));
    return true;
  }

  /** Says goodbye and closes; `closed` follows. */
  bye() {
    this.send({ type: "bye" });
    this.#socket.close(1000, "bye");
  }
}

/** @param {string} text */
function parseNews(text) {
  try {
    const news = JSON.parse(text);
    if (news && typeof news.type === "string") return news;
  } catch {
    // Told below, with the messages that are JSON and still not ours.
  }
  return { type: "error", code: "bad_message", message: "The server sent what is not a message." };
}
