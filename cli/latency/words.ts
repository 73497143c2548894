/**
 * The sentences that every form of the report shares.
 *
 * @module
 */

import type { LatencyReport } from "./run.ts";

/** A sentence, and whether it is bad news. */
export interface Line {
  readonly text: string;
  readonly bad: boolean;
}

/** What was counted, a line a subject. */
export function countLines({ counts, settings }: LatencyReport): Line[] {
  const lines: Line[] = [{
    text: `${counts.dialled} calls, ${counts.connected} connected, ${counts.failed} failed; ` +
      `${counts.turns} questions, ${counts.answered} answered, ${counts.unanswered} not` +
      (counts.talkedOver > 0 ? `, ${counts.talkedOver} talked over` : ""),
    bad: counts.failed > 0 || counts.unanswered > 0,
  }];
  if (settings.scenario === "barge-in") {
    lines.push({
      text: `${counts.bargeIns} barge-ins, ${counts.ignoredBargeIns} ignored, ` +
        `${counts.endedWithoutClear} ended without a clear; ` +
        `${counts.tooShort} answers were too short to interrupt`,
      bad: counts.ignoredBargeIns > 0,
    });
  }
  if (settings.scenario === "echo") {
    lines.push({
      text: `${counts.lostFrames} of ${counts.echoFrames} frames of speech did not come back`,
      bad: counts.lostFrames > 0,
    });
  }
  lines.push({
    text: `${counts.framesSent} frames sent, ${counts.framesReceived} messages received, ` +
      `${counts.gaps} gaps in the sound (${counts.gapMs} ms)` +
      (counts.framesDiscarded > 0
        ? `, ${counts.framesDiscarded} frames the server never read`
        : ""),
    bad: counts.framesDiscarded > 0,
  });
  if (counts.refusedMessages > 0) {
    lines.push({ text: `${counts.refusedMessages} messages that Twilio would refuse`, bad: true });
  }
  return lines;
}

/** Whether the figures are the server's or this machine's. */
export function paceLine({ generator }: LatencyReport): Line {
  const { p99Ms, worstMs, cpuPercent, cores, keptPace } = generator;
  const measured = `frames left ${p99Ms.toFixed(1)} ms late at p99, ${worstMs.toFixed(1)} ms at ` +
    `worst; ${cpuPercent} % of one of ${cores} cores`;
  return keptPace ? { text: `The generator kept pace: ${measured}.`, bad: false } : {
    text: `The generator did NOT keep pace, so the figures are too high: ${measured}. ` +
      "Use fewer calls or a quieter machine.",
    bad: true,
  };
}
