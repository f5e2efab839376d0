/**
 * Colours of the pages, by figures: words can be read, and what is told by colour differs in light and in dark, for
 * eyes that lack one kind of cone as well.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { layers } from "../../../../../host-sim/inspect/report/html/page/power-layers";

type Rgb = readonly [number, number, number];
type Matrix = readonly [Rgb, Rgb, Rgb];

/** Eyes with all cones, and without those for long, middle and short waves: G. Machado and others, 2009, severity 1. */
const eyes: Readonly<Record<string, Matrix>> = {
  "all cones": [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
/** Distances in OKLab: 0.02 is just seen side by side. */
const leastDistance = { "all cones": 0.095, others: 0.055 };

const page = readFileSync("host-sim/cloud/page/tokens.css", "utf8");
const report = readFileSync("host-sim/inspect/report/html/page/report.css", "utf8");

/** Custom properties that are colours, of the first block that begins so in either file. */
function colours(selector: string): Map<string, Rgb> {
  const found = new Map<string, Rgb>();
  for (const css of [page, report]) {
    const begins = css.indexOf(selector);
    expect(begins, `${selector} is in the style sheet`).toBeGreaterThanOrEqual(0);
    const block = css.slice(begins, css.indexOf("}", begins));
    for (const [, name, digits] of block.matchAll(/(--[\w-]+): #([0-9a-f]{6});/g)) {
      const channel = (at: number): number => parseInt(digits.slice(at, at + 2), 16) / 255;
      found.set(name, [linear(channel(0)), linear(channel(2)), linear(channel(4))]);
    }
  }
  return found;
}

const linear = (value: number): number =>
  value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;

/** By WCAG 2.2. */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([r, g, blue]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

function seenBy(matrix: Matrix, [r, g, b]: Rgb): Rgb {
  const channel = ([x, y, z]: Rgb): number => Math.min(1, Math.max(0, x * r + y * g + z * b));
  return [channel(matrix[0]), channel(matrix[1]), channel(matrix[2])];
}

function oklab([r, g, b]: Rgb): Rgb {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function distance(a: Rgb, b: Rgb): number {
  return Math.hypot(...oklab(a).map((value, i) => value - oklab(b)[i]));
}

const themes = [
  ["light", ":root {"],
  ["dark by the system", ':root:not([data-theme="light"]) {'],
  ["dark by choice", ':root[data-theme="dark"] {'],
] as const;

describe.each(themes)("%s", (_, selector) => {
  const its = colours(selector);
  const stack = [...new Set(layers.map(([, name]) => name))];

  test.each(["--text", "--dim", "--accent", "--good", "--warn", "--bad"])("%s can be read", (name) => {
    for (const back of ["--page", "--surface", "--raised"]) {
      expect(contrast(its.get(name)!, its.get(back)!), `on ${back}`).toBeGreaterThanOrEqual(4.5);
    }
  });

  test.each(Object.keys(eyes))("every two states in the power plot differ, %s", (eye) => {
    const least = eye === "all cones" ? leastDistance["all cones"] : leastDistance.others;
    stack.forEach((name, i) => {
      for (const other of stack.slice(0, i)) {
        const apart = distance(seenBy(eyes[eye], its.get(name)!), seenBy(eyes[eye], its.get(other)!));
        expect(apart, `${name} and ${other}`).toBeGreaterThanOrEqual(least);
      }
    });
  });

  test("each state stands out from what is behind it", () => {
    for (const name of stack) {
      expect(contrast(its.get(name)!, its.get("--surface")!), name).toBeGreaterThanOrEqual(1.8);
    }
  });

  test.each(Object.keys(eyes))("datagrams, those sent again and those lost differ, %s", (eye) => {
    const kinds = ["--sky", "--amber", "--orange"];
    kinds.forEach((name, i) => {
      for (const other of kinds.slice(0, i)) {
        const apart = distance(seenBy(eyes[eye], its.get(name)!), seenBy(eyes[eye], its.get(other)!));
        expect(apart, `${name} and ${other}`).toBeGreaterThanOrEqual(0.09);
      }
    });
  });
});

test("both ways to the dark theme have the same colours", () => {
  expect(colours(themes[1][1])).toEqual(colours(themes[2][1]));
});
