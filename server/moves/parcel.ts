/**
 * What one instance tells another of a call, sealed: AES-256-GCM under a key that only our instances
 * can derive (HKDF-SHA-256 of their shared secret), bound to the token that asked for it. Bounded, and
 * read with care: during a deploy the two ends are of different versions.
 *
 * @module
 */

import * as v from "valibot";
import type { CallContext } from "../../call/context.ts";

/** What is known of a call that somebody asks for. */
export type Parcel =
  | { readonly type: "context"; readonly context: CallContext }
  /** It ended, and nobody has to be welcomed back. */
  | { readonly type: "ended"; readonly reason: string }
  | { readonly type: "nothing" };

/** The largest parcel, sealed. Half a minute of a browser's speech at 24 kHz is 1.9 MB in base64. */
export const MAX_PARCEL_BYTES = 4 * 1024 * 1024;
const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + IV_BYTES;

const Line = v.object({
  role: v.picklist(["caller", "agent"]),
  text: v.pipe(v.string(), v.maxLength(10_000)),
  voice: v.optional(v.string()),
});
const Unanswered = v.object({ base64: v.string(), ended: v.boolean() });
const Context = v.object({
  startedAtMs: v.pipe(v.number(), v.finite()),
  lines: v.pipe(v.array(Line), v.maxLength(1000)),
  unanswered: v.pipe(v.array(Unanswered), v.maxLength(100)),
  owes: v.picklist(["nothing", "greeting", "answer", "go_on", "welcome_back"]),
});
const Shape: v.GenericSchema<unknown, Parcel> = v.variant("type", [
  v.object({ type: v.literal("context"), context: Context }),
  v.object({ type: v.literal("ended"), reason: v.pipe(v.string(), v.maxLength(100)) }),
  v.object({ type: v.literal("nothing") }),
]);

export class Parcels {
  readonly #key: Promise<CryptoKey>;

  /** @param secret What all instances share. */
  constructor(secret: string) {
    this.#key = deriveKey(secret);
  }

  /**
   * Seals a parcel.
   *
   * @param binding Whom it is for: it opens with the same words alone.
   * @returns At most {@linkcode MAX_PARCEL_BYTES}: what is too large goes without the oldest of its
   * audio, which is what can be said again.
   */
  async seal(parcel: Parcel, binding: string): Promise<Uint8Array<ArrayBuffer>> {
    const plain = fitting(parcel);
    const sealed = new Uint8Array(HEAD_BYTES + plain.length + TAG_BYTES);
    sealed[0] = VERSION;
    const iv = crypto.getRandomValues(sealed.subarray(1, HEAD_BYTES));
    const text = await crypto.subtle.encrypt(cipher(iv, binding), await this.#key, plain);
    sealed.set(new Uint8Array(text), HEAD_BYTES);
    return sealed;
  }

  /** @throws {Error} When it is not ours, not for this binding, or of another version. */
  async open(sealed: Uint8Array<ArrayBuffer>, binding: string): Promise<Parcel> {
    if (sealed.length > MAX_PARCEL_BYTES) {
      throw new RangeError(`The parcel has ${sealed.length} bytes, at most ${MAX_PARCEL_BYTES}`);
    }
    if (sealed[0] !== VERSION) throw new TypeError(`The parcel's version is ${sealed[0]}`);
    const iv = sealed.subarray(1, HEAD_BYTES);
    const plain = await crypto.subtle.decrypt(
      cipher(iv, binding),
      await this.#key,
      sealed.subarray(HEAD_BYTES),
    );
    const parsed = v.safeParse(Shape, JSON.parse(new TextDecoder().decode(plain)));
    if (parsed.success) return parsed.output;
    throw new TypeError(`The parcel's ${v.getDotPath(parsed.issues[0])} is wrong`);
  }
}

const cipher = (iv: Uint8Array<ArrayBuffer>, binding: string) => ({
  name: "AES-GCM",
  iv,
  additionalData: new TextEncoder().encode(binding),
});

async function deriveKey(secret: string): Promise<CryptoKey> {
  const encode = (text: string) => new TextEncoder().encode(text);
  const material = await crypto.subtle.importKey("raw", encode(secret), "HKDF", false, [
    "deriveKey",
  ]);
  const info = encode("earshot parcel");
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    material,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

function fitting(parcel: Parcel): Uint8Array<ArrayBuffer> {
  const room = MAX_PARCEL_BYTES - HEAD_BYTES - TAG_BYTES;
  for (let rest = parcel;;) {
    const plain = new TextEncoder().encode(JSON.stringify(rest));
    if (plain.length <= room) return plain;
    if (rest.type !== "context" || rest.context.unanswered.length === 0) {
      throw new RangeError(`A parcel has ${plain.length} bytes, at most ${room}`);
    }
    const unanswered = rest.context.unanswered.slice(1);
    rest = { ...rest, context: { ...rest.context, unanswered } };
  }
}
