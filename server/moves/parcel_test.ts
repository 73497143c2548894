import test from "node:test";
import { assertEquals, assertLess, assertNotMatch, assertRejects } from "@std/assert";
import type { CallContext } from "../../call/context.ts";
import { MAX_PARCEL_BYTES, type Parcel, Parcels } from "./parcel.ts";

const SECRET = "a secret that all instances share";
const CONTEXT: CallContext = {
  startedAtMs: 1,
  lines: [{ role: "caller", text: "My name is Ada." }, { role: "agent", text: "Hello Ada" }],
  unanswered: [{ base64: "//8=", ended: true }, { base64: "AAA=", ended: false }],
  owes: "go_on",
};
const PARCELS: readonly Parcel[] = [
  { type: "context", context: CONTEXT },
  { type: "ended", reason: "brain_failed" },
  { type: "nothing" },
];

test("Parcels: what one instance seals, another one opens", async () => {
  for (const parcel of PARCELS) {
    const sealed = await new Parcels(SECRET).seal(parcel, "CA1.n");
    assertEquals(await new Parcels(SECRET).open(sealed, "CA1.n"), parcel);
  }
});

test("Parcels: nobody else reads a word, and no parcel is sealed alike twice", async () => {
  const parcels = new Parcels(SECRET);
  const once = await parcels.seal(PARCELS[0]!, "CA1.n");
  const twice = await parcels.seal(PARCELS[0]!, "CA1.n");
  assertNotMatch(new TextDecoder("latin1").decode(once), /Ada/);
  assertEquals(once.toHex() === twice.toHex(), false);
});

test("Parcels: another secret, call or token, a changed byte and another version don't open", async () => {
  const parcels = new Parcels(SECRET);
  const sealed = await parcels.seal(PARCELS[0]!, "CA1.n");
  await assertRejects(() => new Parcels("another secret").open(sealed, "CA1.n"));
  await assertRejects(() => parcels.open(sealed, "CA2.n"));
  await assertRejects(() => parcels.open(sealed, "CA1.m"));
  for (const at of [0, 5, 20, sealed.length - 1]) {
    const changed = sealed.slice();
    changed[at]! ^= 1;
    await assertRejects(() => parcels.open(changed, "CA1.n"));
  }
  for (const bytes of [0, 1, 12, 28]) {
    await assertRejects(() => parcels.open(sealed.slice(0, bytes), "CA1.n"));
  }
  await assertRejects(
    () => parcels.open(new Uint8Array(MAX_PARCEL_BYTES + 1), "CA1.n"),
    RangeError,
  );
});

test("Parcels: what another version says of a call, and we don't understand, is refused", async () => {
  const parcels = new Parcels(SECRET);
  const later = { type: "context", context: { ...CONTEXT, owes: "a song" } } as unknown as Parcel;
  const sealed = await parcels.seal(later, "CA1.n");
  await assertRejects(() => parcels.open(sealed, "CA1.n"), TypeError, "context.owes");
});

test("Parcels: too much audio goes without the oldest of it, and the words stay", async () => {
  const parcels = new Parcels(SECRET);
  const base64 = "A".repeat(2_500_000);
  const unanswered = [{ base64, ended: true }, { base64, ended: false }];
  const sealed = await parcels.seal(
    { type: "context", context: { ...CONTEXT, unanswered } },
    "CA1.n",
  );
  assertLess(sealed.length, MAX_PARCEL_BYTES);
  const opened = await parcels.open(sealed, "CA1.n");
  assertEquals(opened, {
    type: "context",
    context: { ...CONTEXT, unanswered: [{ base64, ended: false }] },
  });
});
