/**
 * The footprint in words and columns.
 */
import { allowance, boardTolerance } from "./budget";
import { bytesOf } from "./session";
import type { Budget } from "./budget";
import type { ModuleSize } from "./bytecode";
import type { Depth } from "./depth";
import type { Room, SessionRoom } from "./session";

/** A module with where it lies: its name is its file's below firmware. */
export interface ModuleRow extends ModuleSize {
  readonly preloaded: boolean;
}

/** All code of one board. */
export interface BoardRow {
  readonly board: string;
  /** The family of its modem, or "all". */
  readonly modem: string;
  readonly modules: number;
  /** Bytes. */
  readonly code: number;
  readonly budget: number | undefined;
}

/** What is counted, in a line. */
export function headLine(board: string, modem: string): string {
  return `Board: ${board}, ${modem === "all" ? "every modem" : `modem ${modem}`}`;
}

/** Boards beside the last row, what there is in all: how much less of it each has. */
export function boardLines(boards: readonly BoardRow[]): string[] {
  const all = boards[boards.length - 1];
  const lines = ["Boards, bytes of flash", row("", "modules", "code", "less", "budget")];
  for (const each of boards) {
    const { board, modem, modules, code, budget } = each;
    const mark = budget === undefined || code <= allowance(budget, boardTolerance) ? "" : "  over";
    const name = each === all ? "every modem and CoAP's server" : `  ${board}, ${modemText(modem)}`;
    lines.push(row(name, modules, code, each === all ? "" : all.code - code, budget ?? "none") + mark);
  }
  return lines;
}

function modemText(modem: string): string {
  return modem === "all" ? "every modem" : modem;
}

/** Bytes of RAM that the firmware is to fit into. */
export const heapGoal = 65_536;

const widths = { name: 34, number: 9 } as const;

/** Rooms by size, in each its modules by size. `over` is what a module has beyond its budget. */
export function bytecodeLines(
  modules: readonly ModuleRow[],
  names: number,
  budget: Budget | undefined,
): string[] {
  const rooms = new Map<string, ModuleRow[]>();
  for (const module of modules) {
    const room = roomOf(module.name);
    rooms.set(room, [...(rooms.get(room) ?? []), module]);
  }
  const codeOf = (rows: readonly ModuleRow[]): number => rows.reduce((sum, { code }) => sum + code, 0);
  const symbolsOf = (rows: readonly ModuleRow[]): number =>
    rows.reduce((sum, { symbols }) => sum + symbols, 0);
  const sorted = [...rooms].sort(([, a], [, b]) => codeOf(b) - codeOf(a));
  const lines = ["Bytecode, bytes of flash", row("", "code", "symbols", "budget")];
  for (const [room, rows] of sorted) {
    lines.push(row(`${room}/`, codeOf(rows), symbolsOf(rows)));
    for (const { name, code, symbols } of [...rows].sort((a, b) => b.code - a.code)) {
      const allowed = budget?.[name];
      const mark = allowed === undefined || code <= allowance(allowed) ? "" : "  over";
      const short = name.includes("/") ? name.slice(room.length + 1) : name;
      lines.push(row(`  ${short}`, code, symbols, allowed ?? "none") + mark);
    }
  }
  lines.push(row(`${modules.length} modules`, codeOf(modules), names));
  lines.push(
    "Symbols of a room are those of its modules; the last line has each name once, as the linker has.",
  );
  const inRam = modules.filter(({ preloaded }) => !preloaded).map(({ name }) => name);
  if (inRam.length > 0) lines.push(`Not preloaded: ${inRam.join(", ")}.`);
  return lines;
}

/** Heap for a session with reports and a command, and for one with a long message as well. */
export interface Needed {
  readonly short: Room;
  readonly long: Room;
}

/** What a session needs, and whether that is little enough. */
export function ramLines(session: SessionRoom, needed: Needed, stack: number, modem: string): string[] {
  const line = (name: string, room: Room): string =>
    row(name, room.slots, 16 * room.slots, room.chunks, bytesOf(room));
  const lines = [
    `RAM of a session, modem ${modem}, bytes on the board; what is preloaded lies in flash`,
    row("", "slots", "x 16", "chunks", "sum"),
    "alive, collected after each event, at its most",
    ...session.moments.map((room) => line(`  ${room.moment}`, room)),
    "smallest heap that carried it, garbage included",
    line("  reports and a command", needed.short),
    line("  and a message in blocks", needed.long),
    `Stack, beside the heap: ${session.stack} slots at its deepest, of ${stack} in the manifest ` +
      `(${number(16 * stack)} bytes).`,
    `Property names that came up at run time: ${session.keys}.`,
    verdict(session, needed),
  ];
  if (session.unknown > 0) {
    lines.push(`${session.unknown} bytes of chunks have no owner: the figures are too low.`);
  }
  return lines;
}

/** What each entry point takes of the stack. @param bound slots that none may exceed */
export function depthLines(depths: readonly Depth[], stack: number, bound: number): string[] {
  return [
    `Stack by entry point, slots at the deepest, of ${number(stack)} in the manifest and ${number(bound)} allowed`,
    row("", "slots", "events"),
    ...depths.map(({ entry, stack: slots, looks }) => {
      return row(`  ${entry}`, slots, looks) + (slots <= bound ? "" : "  over");
    }),
  ];
}

/** One line: does it fit? */
export function verdict(session: SessionRoom, needed: Needed): string {
  const inFlight = session.moments.find(({ moment }) => moment === "report in flight");
  const alive = inFlight === undefined ? 0 : bytesOf(inFlight);
  const judge = (room: Room): string => {
    const left = heapGoal - bytesOf(room);
    return left >= 0 ? `fits with ${number(left)} bytes to spare` : `is ${number(-left)} bytes too large`;
  };
  return (
    `64 KiB of heap: with one exchange in flight ${number(alive)} bytes are alive; a session of reports and ` +
    `commands ${judge(needed.short)}, one with a message in blocks ${judge(needed.long)}.`
  );
}

/** The part of a module's name before its last stroke; what has none is the firmware's top. */
function roomOf(name: string): string {
  const at = name.indexOf("/");
  return at < 0 ? "firmware" : name.slice(0, at);
}

function row(name: string, ...cells: (number | string)[]): string {
  const columns = cells.map((cell) =>
    (typeof cell === "number" ? number(cell) : cell).padStart(widths.number),
  );
  return `${name.padEnd(widths.name)}${columns.join("")}`.trimEnd();
}

function number(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
