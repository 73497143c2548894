/**
 * The conversation as we know it: what the caller said, where a transcription says so, and of what
 * the agent said as much as was heard. It stays in memory, is bounded, and goes into no log. Another
 * session of the brain can be told of it.
 *
 * @module
 */

export interface TranscriptSettings {
  /** Lines that are kept; the oldest goes first. */
  readonly maxLines: number;
  readonly maxLineChars: number;
}

const TRANSCRIPT_DEFAULTS: TranscriptSettings = { maxLines: 100, maxLineChars: 2000 };

/** One side's words in one item. */
export interface TranscriptLine {
  readonly itemId: string;
  readonly role: "caller" | "agent";
  /** Empty while nobody has said what the words are. */
  readonly text: string;
  /** Of an agent's line, how much of `text` was heard: 1 for all of it. */
  readonly heardShare: number;
}

/**
 * How long a character takes to be said, until this agent's own pace is known: 15 characters a second
 * are common in English.
 */
const MS_PER_CHAR = 65;

export class Transcript {
  readonly #settings: TranscriptSettings;
  /** By item, in the order of the conversation. */
  readonly #lines = new Map<string, TranscriptLine>();
  #msPerChar = MS_PER_CHAR;

  constructor(settings: Partial<TranscriptSettings> = {}) {
    this.#settings = { ...TRANSCRIPT_DEFAULTS, ...settings };
  }

  /** The caller's turn took its place in the conversation; its words may follow. */
  callerSpoke(itemId: string): void {
    if (!this.#lines.has(itemId)) this.#put({ itemId, role: "caller", text: "", heardShare: 1 });
  }

  /** What the caller said, typed or pressed. */
  callerSaid(itemId: string, text: string): void {
    this.#put({ itemId, role: "caller", text, heardShare: 1 });
  }

  /** A piece of what the agent says, or with `whole` all of it. */
  agentSaid(itemId: string, text: string, whole: boolean): void {
    const line = this.#lines.get(itemId);
    // An interruption has said how much was heard, and more words don't change that.
    if (line && line.heardShare < 1) return;
    const said = whole ? text : (line?.text ?? "") + text;
    this.#put({ itemId, role: "agent", text: said, heardShare: 1 });
  }

  /** The caller broke in: so much of the item's audio was heard. */
  cut(itemId: string, heardMs: number, receivedMs: number): void {
    const line = this.#lines.get(itemId);
    if (!line) return;
    const heardShare = receivedMs > 0 ? Math.min(1, heardMs / receivedMs) : 0;
    this.#lines.set(itemId, { ...line, heardShare });
  }

  /** All of an item came: so long its words take, by which those of others are measured. */
  lasts(itemId: string, receivedMs: number): void {
    const chars = this.#lines.get(itemId)?.text.length ?? 0;
    if (chars > 0 && receivedMs > 0) this.#msPerChar = receivedMs / chars;
  }

  /** No more of the item will come, and its words have run ahead of its sound. */
  endsAt(itemId: string, receivedMs: number): void {
    const line = this.#lines.get(itemId);
    if (!line || line.heardShare < 1) return;
    this.#lines.set(itemId, { ...line, text: this.soFar(line.text, receivedMs) });
  }

  /** As much of `text` as is said within `heardMs`, at the agent's pace. */
  soFar(text: string, heardMs: number): string {
    const wholeMs = Math.max(heardMs, text.length * this.#msPerChar);
    return firstWords(text, wholeMs > 0 ? heardMs / wholeMs : 0);
  }

  /** The item is not part of the conversation any more. */
  remove(itemId: string): void {
    this.#lines.delete(itemId);
  }

  /** Oldest first. Of a line that was cut, `text` holds the words that were heard, by their share. */
  lines(): TranscriptLine[] {
    return [...this.#lines.values()].map((line) => ({ ...line, text: heardOf(line) }));
  }

  clear(): void {
    this.#lines.clear();
  }

  #put(line: TranscriptLine): void {
    const { maxLines, maxLineChars } = this.#settings;
    this.#lines.set(line.itemId, { ...line, text: line.text.slice(0, maxLineChars) });
    if (this.#lines.size <= maxLines) return;
    const [oldest] = this.#lines.keys();
    this.#lines.delete(oldest!);
  }
}

const heardOf = ({ text, heardShare }: TranscriptLine) => firstWords(text, heardShare);

/** Words are cut where they end: half a word was not heard. */
function firstWords(text: string, share: number): string {
  if (share >= 1) return text;
  const cut = Math.floor(text.length * share);
  if (cut <= 0) return "";
  const inWord = /\S/.test(text[cut] ?? "") && /\S/.test(text[cut - 1]!);
  const end = inWord ? text.lastIndexOf(" ", cut) : cut;
  return text.slice(0, Math.max(0, end)).trimEnd();
}
