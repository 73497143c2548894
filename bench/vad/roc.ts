/**
 * The curves: how much speech is found for how much noise is taken for speech, as each detector's
 * threshold is swept from eager to deaf.
 *
 * @module
 */

import { VAD_DEFAULTS } from "../../vad/options.ts";
import { type Detect, fixedRms, floorPlusMargin, ours } from "./detectors.ts";
import type { Dialog } from "./dialogs.ts";
import { axes, dot, line, type Panel, svg, text } from "./plot.ts";
import { Score } from "./score.ts";

interface Sweep {
  readonly name: string;
  readonly colour: string;
  readonly detectors: readonly Detect[];
  /** Which of them is the one in the table. */
  readonly chosen: number;
}

/** Our threshold times a factor: the shares, the bounds and the deviations alike. */
function scaledThreshold(factor: number): Detect {
  const d = VAD_DEFAULTS;
  return ours({
    steadyShare: Math.min(0.97, d.steadyShare * factor),
    restlessShare: Math.min(0.98, d.restlessShare * factor),
    noiseDeviations: d.noiseDeviations * factor,
    minThresholdDb: Math.max(0.5, d.minThresholdDb * factor),
    maxThresholdDb: Math.min(60, d.maxThresholdDb * factor),
  });
}

const FACTORS = [0.25, 0.4, 0.6, 0.8, 1, 1.3, 1.6, 2, 2.5, 3.2];
const MARGINS_DB = [1, 2, 4, 6, 8, 10, 13, 17, 22];
const LEVELS_DBFS = [-62, -56, -51, -47, -43, -40, -36, -32, -28, -23];

const SWEEPS: readonly Sweep[] = [
  { name: "earshot", colour: "#c2410c", detectors: FACTORS.map(scaledThreshold), chosen: 4 },
  {
    name: "floor + margin",
    colour: "#0369a1",
    detectors: MARGINS_DB.map(floorPlusMargin),
    chosen: 3,
  },
  { name: "fixed RMS", colour: "#6b7280", detectors: LEVELS_DBFS.map(fixedRms), chosen: 5 },
];

const PANELS: readonly { title: string; snrDb: number }[] = [
  { title: "clean", snrDb: Infinity },
  { title: "20 dB", snrDb: 20 },
  { title: "10 dB", snrDb: 10 },
  { title: "5 dB", snrDb: 5 },
];

/** Draws one panel an SNR. @param dialogs The calls to sweep over. */
export function rocSvg(dialogs: readonly Dialog[]): string {
  const parts = [
    text(20, 26, "Speech found against noise taken for speech, threshold swept", {
      size: 16,
      colour: "#111",
    }),
    text(
      20,
      45,
      "across: noise hops taken for speech; up: speech hops found; dot: as in the table",
    ),
  ];
  PANELS.forEach(({ title, snrDb }, i) => {
    const panel: Panel = {
      left: 60 + (i % 2) * 400,
      top: 80 + Math.floor(i / 2) * 300,
      width: 330,
      height: 230,
      x: [0, 40],
      y: [60, 100],
    };
    parts.push(axes(panel, [0, 10, 20, 30, 40], [60, 70, 80, 90, 100], { x: " %", y: " %" }));
    parts.push(text(panel.left + 8, panel.top - 8, title, { size: 13, colour: "#111" }));
    const own = dialogs.filter((dialog) => dialog.snrDb === snrDb);
    for (const sweep of SWEEPS) {
      const points = sweep.detectors.map((detect) => {
        const score = new Score();
        for (const dialog of own) score.add(dialog, detect(dialog.pcm));
        return score.rates();
      });
      // What lies right of the panel is left out rather than drawn along its edge.
      const shown = points.filter(([x]) => x <= panel.x[1]);
      parts.push(line(panel, shown, sweep.colour, 2));
      const [x, y] = points[sweep.chosen]!;
      if (x <= 40 && y >= 60) parts.push(dot(panel, x, y, sweep.colour));
    }
  });
  SWEEPS.forEach((sweep, i) => {
    parts.push(text(530 + [0, 75, 190][i]!, 45, sweep.name, { size: 13, colour: sweep.colour }));
  });
  return svg(820, 660, parts);
}
