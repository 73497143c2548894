import test from "node:test";
import { assertEquals, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import * as request from "./requests.ts";

fc.configureGlobal({ seed: 20 });

/** Any UTF-16 code units, lone surrogates too. */
const anyText = fc.array(fc.nat(0xffff), { maxLength: 20 }).map((units) =>
  String.fromCharCode(...units)
);

test("appendAudio is exactly what JSON.stringify would make, for any base64", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
    const audio = bytes.toBase64();
    assertEquals(
      request.appendAudio(audio),
      JSON.stringify({ type: "input_audio_buffer.append", audio }),
    );
  }));
});

// deno-fmt-ignore
const TABLE: [name: string, text: string, wanted: string][] = [
  ["commitAudio", request.commitAudio("commit_1"),
    '{"type":"input_audio_buffer.commit","event_id":"commit_1"}'],
  ["clearAudio", request.clearAudio(), '{"type":"input_audio_buffer.clear"}'],
  ["createResponse", request.createResponse("answer_1"),
    '{"type":"response.create","event_id":"answer_1",' +
    '"response":{"metadata":{"earshot_answer":"answer_1"}}}'],
  ["createResponse with an empty instruction", request.createResponse("answer_1", ""),
    '{"type":"response.create","event_id":"answer_1",' +
    '"response":{"metadata":{"earshot_answer":"answer_1"}}}'],
  ["createResponse with instructions", request.createResponse("answer_1", 'Say "hi".'),
    '{"type":"response.create","event_id":"answer_1","response":' +
    '{"metadata":{"earshot_answer":"answer_1"},"instructions":"Say \\"hi\\"."}}'],
  ["createResponse without tools", request.createResponse("answer_1", "Bye.", false),
    '{"type":"response.create","event_id":"answer_1","response":' +
    '{"metadata":{"earshot_answer":"answer_1"},"instructions":"Bye.","tool_choice":"none"}}'],
  ["cancelResponse", request.cancelResponse("resp_1"),
    '{"type":"response.cancel","response_id":"resp_1"}'],
  ["truncateItem", request.truncateItem("item_1", 1240),
    '{"type":"conversation.item.truncate","item_id":"item_1","content_index":0,"audio_end_ms":1240}'],
  ["deleteItem", request.deleteItem("item_1"),
    '{"type":"conversation.item.delete","item_id":"item_1"}'],
  ["callerText", request.callerText("text_1", 'A "line"\nand more'),
    '{"type":"conversation.item.create","item":{"id":"text_1","type":"message","role":"user","content":' +
    '[{"type":"input_text","text":"A \\"line\\"\\nand more"}]}}'],
  ["toolOutput", request.toolOutput("call_1", "Done."),
    '{"type":"conversation.item.create","item":{"type":"function_call_output","call_id":"call_1",' +
    '"output":"Done."}}'],
  ["updateSession", request.updateSession({ type: "realtime", instructions: "Be kind." }),
    '{"type":"session.update","session":{"type":"realtime","instructions":"Be kind."}}'],
];

for (const [name, text, wanted] of TABLE) {
  test(`${name} makes the exact event`, () => assertEquals(text, wanted));
}

test("ids and words of any kind stay inside their strings", () => {
  fc.assert(fc.property(anyText, (text) => {
    assertStrictEquals(JSON.parse(request.deleteItem(text)).item_id, text);
    assertStrictEquals(JSON.parse(request.toolOutput(text, text)).item.output, text);
    assertStrictEquals(JSON.parse(request.callerText(text, text)).item.content[0].text, text);
  }));
});
