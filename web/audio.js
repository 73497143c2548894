// @ts-check
/**
 * The page's sound: one `AudioContext`, the player, and the microphone when there is one.
 *
 * @module
 */

/** The rates that `/browser/stream` speaks. */
const WIRE_RATES_HZ = [8000, 16000, 24000, 48000];
/** For every other sound card: what speech models speak, half the traffic of 48 kHz. */
const FALLBACK_RATE_HZ = 24000;

/**
 * What the player has done; it comes from the audio thread every 20 ms.
 *
 * @typedef {object} Played
 * @property {number} peak The loudest sample of these 20 ms, 0 to 1.
 * @property {number} playedSamples
 * @property {number} queuedSamples
 * @property {number} droppedSamples
 * @property {number} underruns
 */

/**
 * @typedef {object} AudioHandlers
 * @property {(frame: Int16Array) => void} frame 20 ms of the microphone at `wireRateHz`.
 * @property {(name: string) => void} markHeard
 * @property {(played: Played) => void} played
 * @property {() => void} microphoneLost The device was unplugged, or the permission taken back.
 */

/** A reason that the page can show: what is wrong, and what to do about it. */
export class MicrophoneError extends Error {}

export class PageAudio {
  /** @type {MediaStream | null} */
  #microphone = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {AudioWorkletNode | null} */
  #capture = null;
  #closed = false;

  /**
   * @param {AudioContext} context
   * @param {AudioWorkletNode | null} player
   * @param {AudioHandlers} handlers
   */
  constructor(context, player, handlers) {
    this.context = context;
    this.player = player;
    this.handlers = handlers;
    this.wireRateHz = wireRateFor(context.sampleRate);
    /** False where the page has no worklets, as over plain http: answers are then text alone. */
    this.canPlay = player !== null;
    this.muted = false;
  }

  /**
   * Opens the sound output. Call it from a click or a key: browsers keep it silent otherwise.
   *
   * @param {AudioHandlers} handlers
   */
  static async open(handlers) {
    const context = new AudioContext({ latencyHint: "interactive" });
    try {
      if (!context.audioWorklet) return new PageAudio(context, null, handlers);
      await context.audioWorklet.addModule("/assets/worklets.js");
      const player = new AudioWorkletNode(context, "earshot-play", {
        numberOfInputs: 0,
        outputChannelCount: [1],
        processorOptions: { wireRateHz: wireRateFor(context.sampleRate) },
      });
      player.port.onmessage = ({ data }) => {
        if (data.heard !== undefined) handlers.markHeard(data.heard);
        else handlers.played(data);
      };
      player.connect(context.destination);
      // Not awaited: without a sound card it would wait for ever, and typing still works.
      context.resume().catch(() => {});
      return new PageAudio(context, player, handlers);
    } catch (error) {
      context.close().catch(() => {});
      throw error;
    }
  }

  /** Asks for the microphone and begins to send its frames. @throws {MicrophoneError} */
  async startMicrophone() {
    const stream = await askForMicrophone();
    if (this.#closed) return stopTracks(stream);
    this.#microphone = stream;
    for (const track of stream.getTracks()) {
      track.onended = () => this.handlers.microphoneLost();
    }
    this.#source = this.context.createMediaStreamSource(stream);
    this.#capture = new AudioWorkletNode(this.context, "earshot-capture", {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: "explicit",
      processorOptions: { wireRateHz: this.wireRateHz },
    });
    this.#capture.port.onmessage = ({ data }) => {
      // A muted caller is a silent one: the frames go on, so the server's clock does too.
      if (this.muted) data.fill(0);
      this.handlers.frame(data);
    };
    this.#source.connect(this.#capture);
  }

  get hasMicrophone() {
    return this.#microphone !== null;
  }

  /** Releases the microphone: the browser's recording sign goes out. */
  stopMicrophone() {
    this.#source?.disconnect();
    this.#capture?.port.postMessage({ stop: true });
    this.#capture?.port.close();
    if (this.#microphone) stopTracks(this.#microphone);
    this.#microphone = this.#source = this.#capture = null;
    this.muted = false;
  }

  /** @param {ArrayBuffer} bytes PCM16 little-endian mono at `wireRateHz`; handed over, not kept. */
  play(bytes) {
    if (bytes.byteLength % 2 !== 0) {
      throw new RangeError(
        `Cannot play PCM16: ${bytes.byteLength} bytes, wanted whole 2-byte samples`,
      );
    }
    // Every browser's machine is little-endian today: the bytes are the samples.
    this.player?.port.postMessage(new Int16Array(bytes), [bytes]);
  }

  /** @param {string} name */
  mark(name) {
    if (this.player) this.player.port.postMessage({ mark: name });
    else this.handlers.markHeard(name);
  }

  clear() {
    this.player?.port.postMessage({ clear: true });
  }

  close() {
    if (this.#closed) return;
    this.#closed = true;
    this.stopMicrophone();
    if (this.player) {
      this.player.port.onmessage = null;
      this.player.disconnect();
    }
    this.context.close().catch(() => {});
  }
}

/** @param {number} contextRateHz */
function wireRateFor(contextRateHz) {
  return WIRE_RATES_HZ.includes(contextRateHz) ? contextRateHz : FALLBACK_RATE_HZ;
}

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}

async function askForMicrophone() {
  if (!globalThis.isSecureContext || !navigator.mediaDevices) {
    throw new MicrophoneError(
      "The browser lends its microphone only to secure pages. Open this page by https:// or at " +
        "http://localhost. Typing works here.",
    );
  }
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
      },
    });
  } catch (error) {
    throw new MicrophoneError(microphoneAdvice(error));
  }
}

/** @param {unknown} error */
function microphoneAdvice(error) {
  switch (/** @type {DOMException} */ (error).name) {
    case "NotAllowedError":
      return "The microphone is blocked. Allow it for this site (the icon beside the address), " +
        "then press Talk again. Typing works meanwhile.";
    case "NotFoundError":
    case "OverconstrainedError":
      return "No microphone was found. Plug one in and press Talk again, or type below.";
    case "NotReadableError":
    case "AbortError":
      return "The microphone is there but would not start: another program may hold it. Close " +
        "that one and press Talk again, or type below.";
    default:
      return `The microphone would not start (${error}). Typing works.`;
  }
}
