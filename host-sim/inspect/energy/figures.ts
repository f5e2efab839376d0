/** The figures of a profile as rows of a Markdown table, as docs/energy.md has them. */
import { sheets } from "./modules";
import type { BoardFigures, EnergyProfile, Figure } from "./profile";

const units: Readonly<Record<string, (value: number) => string>> = {
  uplink: (value) => `${value / 1_000} kbit/s`,
  downlink: (value) => `${value / 1_000} kbit/s`,
  access: (value) => `${value} ms`,
  accessTransmit: (value) => `${100 * value} %`,
  listen: (value) => `${value} ms`,
  update: (value) => `${value} bytes`,
  computeRate: (value) => `${value} steps a second per MHz`,
  power: (value) => `${value} dBm`,
};

function watts(value: number): string {
  if (value >= 0.1) return `${value} W`;
  return value >= 0.001 ? `${round(1e3 * value)} mW` : `${round(1e6 * value)} µW`;
}

function round(value: number): number {
  return Math.round(1e3 * value) / 1e3;
}

/** One row a figure of the modem and its radio: name, value, tag, source. */
export function figureRows({ modem, radio }: EnergyProfile): string[] {
  return [...rowsOf("modem", modem), ...rowsOf("radio", radio)];
}

/** The same of the board, which all built-in profiles share. */
export function boardRows(board: BoardFigures): string[] {
  return rowsOf("board", board);
}

function rowsOf(room: string, figures: object): string[] {
  return Object.entries(figures as Record<string, Figure | readonly Figure[]>).flatMap(([name, given]) => {
    const list = Array.isArray(given) ? (given as readonly Figure[]) : [given as Figure];
    const text = units[name] ?? watts;
    return list.map(({ value, low, high, tag, source }, level) => {
      const which = list.length === 1 ? "" : `, level ${level}`;
      const range = low === undefined || high === undefined ? "" : ` (${text(low)} to ${text(high)})`;
      return `| ${room}.${name}${which} | ${text(value)}${range} | ${tag} | ${source} |`;
    });
  });
}

/** One row a module whose data sheet is known: its currents by state, and the sheet. */
export function sheetRows(): string[] {
  return Object.entries(sheets).map(([name, { amperes, source, volts }]) => {
    const [psm, off, idle, edrx, send10, send23, receive] = (
      ["psm", "radioOff", "idle", "edrx", "transmit10", "transmit23", "receive"] as const
    ).map((state) => milliamperes(amperes[state]));
    const sends = send10 === "" ? "" : `${send10}, ${send23}`;
    const at = source.includes(" V") ? "" : `, at ${volts} V`;
    return `| ${name} | ${psm} | ${off} | ${idle} | ${edrx} | ${sends} | ${receive} | ${source}${at} |`;
  });
}

function milliamperes(value: number | undefined): string {
  if (value === undefined) return "";
  return value < 0.001 ? `${round(1e6 * value)} µA` : `${round(1e3 * value)} mA`;
}
