/**
 * Gives a WebAssembly program a tank of fuel. Every turn of a loop takes one unit, so does every 16 bytes
 * that are moved at once, and with an empty tank the program traps. QuickJS can be interrupted between a
 * script's own steps alone and not within one: `[].indexOf` on a sparse array of 2^32 items is a single
 * step of many minutes. This ends that too, and always at the same point, on every machine.
 *
 *     before   loop ...                    after   loop
 *                                                    fuel -= 1, if fuel < 0 unreachable
 *                                                    ...
 *              memory.copy                         call copy      fuel -= n >>> 4, if fuel < 0 unreachable
 *              memory.fill                         call fill      and then the same
 *
 * Format: WebAssembly Core Specification 2.0, section 5 (binary format).
 */

/** The exports that `meter` adds: what is left of the fuel, and the program's stack pointer. */
export const fuelExport = "fuel";
export const stackExport = "stack";

const typeSection = 1;
const importSection = 2;
const functionSection = 3;
const globalSection = 6;
const exportSection = 7;
const codeSection = 10;

const i32Type = 0x7f;
const loopOpcode = 0x03;
const endOpcode = 0x0b;
/** Opcodes of two numbers: this one, then `memory.copy` or `memory.fill`. */
const extendedOpcode = 0xfc;
const memoryCopy = 10;
const memoryFill = 11;

/** What the program is given, by its number there. */
interface Additions {
  type: number;
  copy: number;
  fill: number;
  fuel: number;
  /** What a turn of a loop pays. */
  turn: Uint8Array;
}

/**
 * The same program with fuel. Its first global has to be the stack pointer, as in all that LLVM makes.
 * @throws RangeError on what is no WebAssembly, lacks a section, or uses instructions beyond version 2.0
 */
export function meter(wasm: Uint8Array): Uint8Array<ArrayBuffer> {
  const input = new Reader(wasm);
  if (input.u32le() !== 0x6d736100 || input.u32le() !== 1)
    throw new RangeError("no WebAssembly of version 1");
  const out: Uint8Array[] = [wasm.subarray(0, 8)];
  const imported = { functions: 0, globals: 0 };
  const added: Additions = { type: -1, copy: -1, fill: -1, fuel: -1, turn: new Uint8Array(0) };
  while (input.at < wasm.length) {
    const id = input.byte();
    const size = input.leb();
    const body = wasm.subarray(input.at, input.at + size);
    input.skip(size);
    const section = new Reader(body);
    /** The section with more items at its end. */
    const extended = (count: number, ...items: readonly number[][]): Uint8Array =>
      sectionOf(id, [
        leb(count + items.length),
        body.subarray(section.at),
        ...items.map((item) => Uint8Array.from(item)),
      ]);
    switch (id) {
      case typeSection:
        added.type = section.leb();
        out.push(extended(added.type, [0x60, 3, i32Type, i32Type, i32Type, 0]));
        break;
      case functionSection: {
        const count = section.leb();
        added.copy = imported.functions + count;
        added.fill = added.copy + 1;
        out.push(extended(count, [...leb(added.type)], [...leb(added.type)]));
        break;
      }
      case globalSection: {
        const count = section.leb();
        added.fuel = imported.globals + count;
        added.turn = Uint8Array.from(toll(added.fuel, [0x41, 1]));
        // A variable, full at first: what a program does on loading is its own affair.
        out.push(extended(count, [i32Type, 1, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07, endOpcode]));
        break;
      }
      case exportSection:
        out.push(
          extended(section.leb(), exported(fuelExport, added.fuel), exported(stackExport, imported.globals)),
        );
        break;
      case codeSection:
        if ([added.type, added.copy, added.fuel].some((number) => number < 0))
          throw new RangeError("lacks a section");
        out.push(sectionOf(id, meteredCode(section, body, added)));
        break;
      case importSection:
        countImports(section, imported);
        out.push(sectionOf(id, [body]));
        break;
      default:
        out.push(sectionOf(id, [body]));
    }
  }
  return joined(out);
}

/** All functions, and behind them the two that move bytes. */
function meteredCode(section: Reader, body: Uint8Array, added: Additions): Uint8Array[] {
  const count = section.leb();
  const parts: Uint8Array[] = [leb(count + 2)];
  for (let i = 0; i < count; i++) {
    const size = section.leb();
    const pieces = meteredFunction(body.subarray(section.at, section.at + size), added);
    parts.push(leb(lengthOf(pieces)), ...pieces);
    section.skip(size);
  }
  // No locals; n is the third parameter.
  const price = [0x20, 2, 0x41, 4, 0x76];
  const given = [0x20, 0, 0x20, 1, 0x20, 2];
  for (const move of [
    [extendedOpcode, memoryCopy, 0, 0],
    [extendedOpcode, memoryFill, 0],
  ]) {
    const moving = Uint8Array.from([0, ...toll(added.fuel, price), ...given, ...move, endOpcode]);
    parts.push(leb(moving.length), moving);
  }
  return parts;
}

/** Takes a price, which these instructions state, from the fuel. */
function toll(fuel: number, price: readonly number[]): number[] {
  const at = leb(fuel);
  const take = [0x23, ...at, ...price, 0x6b, 0x24, ...at];
  return [...take, 0x23, ...at, 0x41, 0, 0x48, 0x04, 0x40, 0x00, endOpcode];
}

function countImports(section: Reader, imported: { functions: number; globals: number }): void {
  for (let count = section.leb(); count > 0; count--) {
    section.skip(section.leb());
    section.skip(section.leb());
    const kind = section.byte();
    if (kind === 0) {
      section.leb();
      imported.functions += 1;
    } else if (kind === 3) {
      section.skip(2);
      imported.globals += 1;
    } else {
      if (kind === 1) section.byte();
      const limits = section.byte();
      section.leb();
      if ((limits & 1) !== 0) section.leb();
    }
  }
}

/** A function's locals and instructions, cut where a toll has to be taken. */
function meteredFunction(body: Uint8Array, { copy, fill, turn }: Additions): Uint8Array[] {
  const reader = new Reader(body);
  for (let groups = reader.leb(); groups > 0; groups--) {
    reader.leb();
    reader.byte();
  }
  const parts: Uint8Array[] = [];
  let start = 0;
  while (reader.at < body.length) {
    const from = reader.at;
    const opcode = reader.byte();
    const count = immediates[opcode];
    if (count === irregular) skipImmediates(reader, opcode);
    else reader.skipLebs(count);
    if (opcode === loopOpcode) {
      parts.push(body.subarray(start, reader.at), turn);
      start = reader.at;
    } else if (
      opcode === extendedOpcode &&
      (body[from + 1] === memoryCopy || body[from + 1] === memoryFill)
    ) {
      const call = [0x10, ...leb(body[from + 1] === memoryCopy ? copy : fill)];
      parts.push(body.subarray(start, from), Uint8Array.from(call));
      start = reader.at;
    }
  }
  parts.push(body.subarray(start));
  return parts;
}

/** How many numbers stand behind an opcode, where that is all there is; a program has hundreds of thousands of them. */
const irregular = 255;
const immediates = new Uint8Array(256).fill(irregular);
// Comparisons, arithmetic, conversions, and the plain ones of control and reference.
immediates.fill(0, 0x45, 0xc5);
for (const opcode of [0x00, 0x01, 0x05, endOpcode, 0x0f, 0x1a, 0x1b, 0xd1]) immediates[opcode] = 0;
// Loads and stores: alignment and offset.
immediates.fill(2, 0x28, 0x3f);
// Variables of a function and of the program, and items of a table.
immediates.fill(1, 0x20, 0x27);
for (const opcode of [
  0x02, // block
  loopOpcode,
  0x04, // if
  0x0c, // br
  0x0d, // br_if
  0x10, // call
  0x3f, // memory.size
  0x40, // memory.grow
  0x41, // i32.const
  0x42, // i64.const
  0xd0, // ref.null
  0xd2, // ref.func
]) {
  immediates[opcode] = 1;
}
immediates[0x11] = 2; // call_indirect

/** Passes over what stands behind any other opcode. */
function skipImmediates(reader: Reader, opcode: number): void {
  switch (opcode) {
    case 0x0e: // br_table
    case 0x1c: // select with types
      return reader.skipLebs(reader.leb() + (opcode === 0x0e ? 1 : 0));
    case 0x43: // f32.const
      return reader.skip(4);
    case 0x44: // f64.const
      return reader.skip(8);
    case extendedOpcode: {
      const second = reader.leb();
      // Saturating conversions, then memory.init to table.fill.
      const count = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1][second];
      if (count === undefined) break;
      return reader.skipLebs(count);
    }
  }
  throw new RangeError(`has the instruction 0x${opcode.toString(16)}, which is not known here`);
}

function exported(name: string, global: number): number[] {
  return [name.length, ...Buffer.from(name, "ascii"), 3, ...leb(global)];
}

function sectionOf(id: number, parts: readonly Uint8Array[]): Uint8Array {
  return joined([Uint8Array.of(id), leb(lengthOf(parts)), ...parts]);
}

function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, part) => sum + part.length, 0);
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** LEB128 without a sign. */
function leb(value: number): Uint8Array {
  const bytes: number[] = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value > 0);
  return Uint8Array.from(bytes);
}

class Reader {
  readonly #bytes: Uint8Array;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  byte(): number {
    if (this.at >= this.#bytes.length) throw new RangeError("ends too early");
    return this.#bytes[this.at++];
  }

  u32le(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }

  leb(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("has a number of more than 32 bits where none is");
  }

  skip(count: number): void {
    this.at += count;
  }

  /** Also those with a sign and of 64 bits. */
  skipLebs(count: number): void {
    for (; count > 0; count--) while (this.byte() >= 0x80);
  }
}
