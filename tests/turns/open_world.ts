/**
 * The explored world on its first day.
 *
 * @module
 */

import type { Subject } from "./subject.ts";
import type { World, WorldSettings } from "./world.ts";

export function openWorld<S>(subject: Subject<S>, settings: WorldSettings): World<S> {
  return {
    subject,
    settings,
    state: subject.open(settings, 0),
    nowMs: 0,
    ready: false,
    sessions: 0,
    lostMs: 0,
    resumed: false,
    gone: false,
    said: [],
    told: false,
    maybeDone: false,
    early: false,
    activeMs: 0,
    brain: { item: "", stuck: "", buffer: [], responses: [] },
    tools: [],
    up: [],
    down: [],
    upAtMs: [],
    downAtMs: [],
    pieces: [],
    held: false,
    heldAtMs: 0,
    heldOnsetMs: 0,
    audible: false,
    complete: true,
    uplinkOpen: settings.turns !== "local",
    uplinkEver: settings.turns !== "local",
    muted: false,
    phrases: 0,
    lastSoundMs: 0,
    ids: 0,
    greetingsHeard: 0,
    deleted: [],
    measuring: false,
    hearing: "",
    notBeforeMs: 0,
    hopeless: false,
    troubles: 0,
    waits: 0,
    prompts: 0,
    goodbyes: 0,
    disturbed: false,
    cutOff: false,
    everCutOff: false,
    askedToRepeat: false,
    closed: null,
    endingMs: -1,
    broken: [],
    seen: new Set(),
  };
}
