/** The figures of a profile as rows of a Markdown table, as docs/energy.md has them. */
import type { EnergyProfile, Figure } from "./profile";

const units: Readonly<Record<string, (value: number) => string>> = {
  uplink: (value) => `${value / 1_000} kbit/s`,
  downlink: (value) => `${value / 1_000} kbit/s`,
  access: (value) => `${value} ms`,
  accessTransmit: (value) => `${100 * value} %`,
  power: (value) => `${value} dBm`,
};

function watts(value: number): string {
  if (value >= 0.1) return `${value} W`;
  return value >= 0.001 ? `${round(1e3 * value)} mW` : `${round(1e6 * value)} µW`;
}

function round(value: number): number {
  return Math.round(1e3 * value) / 1e3;
}

/** One row a figure: name, value, tag, source. */
export function figureRows({ modem, radio, board }: EnergyProfile): string[] {
  const rows: string[] = [];
  for (const [room, figures] of Object.entries({ modem, radio, board })) {
    for (const [name, given] of Object.entries(figures) as [string, Figure | readonly Figure[]][]) {
      const list = Array.isArray(given) ? (given as readonly Figure[]) : [given as Figure];
      const text = units[name] ?? watts;
      list.forEach(({ value, tag, source }, level) => {
        const which = list.length === 1 ? "" : `, level ${level}`;
        rows.push(`| ${room}.${name}${which} | ${text(value)} | ${tag} | ${source} |`);
      });
    }
  }
  return rows;
}
