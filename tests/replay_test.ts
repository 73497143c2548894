import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, it } from "node:test";
import { assert, assertEquals, assertGreater, assertThrows } from "@std/assert";
import { type RecordedStep, replay } from "../call/recording.ts";

const FOLDER = fileURLToPath(new URL("./recordings/", import.meta.url).href);
const recordings = readdirSync(FOLDER).filter((name) => name.endsWith(".jsonl")).sort();
const read = (name: string) => readFileSync(FOLDER + name, "utf8");
const stepsOf = (text: string) =>
  text.trim().split("\n").slice(1).map((line) => JSON.parse(line) as RecordedStep);

/** What each recording has to hold to be worth its name. */
const DECIDED: Record<string, string[]> = {
  "question.jsonl": ["create_response", "close"],
  "barge_in.jsonl": ["hold", "drop", "truncate"],
  "false_alarm.jsonl": ["hold", "resume"],
  "early_answer_taken_back.jsonl": ["commit", "hold", "cancel_response", "resume"],
  "typed_and_hung_up_by_the_agent.jsonl": ["send_text", "tool_output", "close"],
  "silence.jsonl": ["create_response", "close"],
  "brain_dies.jsonl": ["say", "close"],
};

describe("recorded calls", () => {
  it("are the ones that are asked for", () => {
    assertEquals(recordings, Object.keys(DECIDED).sort());
  });

  for (const name of recordings) {
    it(`${name}: the machine decides today what it decided then`, () => {
      const { differences, state } = replay(read(name));
      assertEquals(differences, []);
      assertEquals(state.phase, "closed");
    });

    it(`${name}: holds what its name says`, () => {
      const decided = stepsOf(read(name)).flatMap(({ actions }) => actions.map(({ type }) => type));
      for (const type of DECIDED[name]!) {
        assert(decided.some((action) => action === type), `${type} was never decided`);
      }
    });

    it(`${name}: holds no audio and no words`, () => {
      // Ids are the only text, and they have no spaces; audio would be long.
      for (const step of stepsOf(read(name))) {
        JSON.stringify(step, (key, value) => {
          if (typeof value !== "string") return value;
          assert(/^[\w.:-]{0,64}$/.test(value), `${key} is ${JSON.stringify(value)}`);
          return value;
        });
      }
    });
  }

  it("are told apart from a machine that decides otherwise", () => {
    const lines = read("barge_in.jsonl").split("\n");
    const index = lines.findIndex((line) => line.includes('"truncate"'));
    lines[index] = lines[index]!.replace(/"audioEndMs":\d+/, '"audioEndMs":1');
    const { differences } = replay(lines.join("\n"));
    assertGreater(differences.length, 0);
    assertEquals(differences[0]!.line, index + 1);
  });

  it("are refused by line when they are none", () => {
    assertThrows(() => replay("{}\n"), SyntaxError, "line 1");
    assertThrows(() => replay(read("question.jsonl") + "{oops\n"), SyntaxError, "line");
  });
});
