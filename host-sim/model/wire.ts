/**
 * Facts of the wire layouts that several parts of the tool need. The firmware has its own copy: the
 * two sides are to judge each other.
 */
import type { CompactForm, ModelCompact, ModelType } from "./model";

/** Smallest and largest number of each compact form. */
export const compactBounds: Readonly<Record<CompactForm, readonly [number, number]>> = {
  int8: [-0x80, 0x7f],
  uint8: [0, 0xff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
};

/** Bytes of a value in the sample layout; undefined when they vary. */
export function sampleSize({ type }: ModelType): number | undefined {
  const sizes: Readonly<Record<string, number>> = {
    int: 4,
    enum: 4,
    float: 4,
    int64: 8,
    timestamp: 8,
    double: 8,
    bool: 1,
  };
  return sizes[type];
}

/** Bytes of a compact form. */
export function compactSize(as: CompactForm): number {
  return Number(/\d+/.exec(as)![0]) / 8;
}

/**
 * Decimals to which scale and offset are written, 0 to 20: rounding to them takes back what binary
 * arithmetic adds (29 * 0.01 is 0.29 and not 0.29000000000000004); undefined when they are too many.
 */
export function decimalsOf({ scale = 1, offset = 0 }: ModelCompact): number | undefined {
  const decimals = Math.max(decimalsOfNumber(scale), decimalsOfNumber(offset));
  return decimals <= 20 ? decimals : undefined;
}

function decimalsOfNumber(value: number): number {
  const [, fraction = "", exponent = "0"] = /^-?\d+(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))!;
  return Math.max(0, fraction.length - Number(exponent));
}
