/**
 * Many devices registered in one request: a JSON array, JSON lines, or CSV with a header, such as the list that
 * `npm run provision -- --batch` takes. Each line is taken or refused by itself and says what became of it, as EnOS
 * does it; a body that cannot be read as a whole registers nobody. Sending it again does no harm: what is there stays
 * as it is.
 */
import type { FastifyInstance, FastifyReply } from "fastify";
import type { EnosCloud } from "../cloud";
import { readCsv } from "../csv";
import { isObject } from "../json";
import { jsonFault } from "../../model/json-place";
import { nearest } from "../nearest";
import { DeviceListError, checkDevice, deviceFields } from "../registry/registry";
import { Problem } from "./problem";
import { given, routeSchema } from "./route";
import { bulkLimits, bulkQuery, bulkShown } from "./schemas/bulk";
import { rowsAnswer } from "./schemas/rows";
import { formatOf, sendRows } from "./tables";
import type { Column } from "./tables";
import type { RouteContext } from "./route-context";

/** What stands in a line, or why that cannot be read. */
interface Line {
  /** From 1; of a JSON array the entry. */
  readonly line: number;
  readonly entry: unknown;
  readonly fault?: string;
}

interface Outcome {
  readonly line: number;
  readonly productKey?: string;
  readonly deviceKey?: string;
  readonly outcome: "created" | "exists" | "refused";
  /** Made here, and told this once. */
  readonly deviceSecret?: string;
  readonly fault?: string;
}

const columns: readonly Column<Outcome>[] = [
  ["line", ({ line }) => line],
  ["productKey", ({ productKey }) => productKey],
  ["deviceKey", ({ deviceKey }) => deviceKey],
  ["outcome", ({ outcome }) => outcome],
  ["deviceSecret", ({ deviceSecret }) => deviceSecret],
  ["fault", ({ fault }) => fault],
];

const lineTypes = ["application/x-ndjson", "application/jsonl"];

export function bulkRoutes(api: FastifyInstance, { cloud, now, randomBytes }: RouteContext): void {
  const newSecret = (): string => Buffer.from(randomBytes(24)).toString("base64url");

  // A scope of its own: no other route reads these kinds of bodies.
  void api.register(async (scope) => {
    scope.addContentTypeParser("text/csv", { parseAs: "string" }, (_request, body: string, done) => {
      read(() => csvLines(body), done);
    });
    scope.addContentTypeParser(lineTypes, { parseAs: "string" }, (_request, body: string, done) => {
      read(() => jsonLines(body), done);
    });

    scope.post("/devices/bulk", {
      bodyLimit: bulkLimits.bytes,
      schema: routeSchema(
        "devices",
        "createDevices",
        "register many devices; each line says what became of it",
        {
          querystring: bulkQuery,
          shownBody: bulkShown,
          answer: { 200: rowsAnswer("line by line", "BulkOutcome") },
          faults: [406],
        },
      ),
      handler: (request, reply): FastifyReply | object => {
        const format = formatOf(request);
        const lines = linesOf(request.body);
        if (lines.length === 0) throw new Problem(400, "body: has no device");
        if (lines.length > bulkLimits.devices) {
          throw new Problem(
            400,
            `body: has ${lines.length} devices, at most ${bulkLimits.devices} are taken at a time; send the others in another request`,
          );
        }
        const items = lines.map((line) => outcomeOf(cloud, line, newSecret, now()));
        if (format !== "json") return sendRows(reply, format, "devices", items, columns);
        const count = (wanted: Outcome["outcome"]): number =>
          items.filter(({ outcome }) => outcome === wanted).length;
        return { created: count("created"), exist: count("exists"), refused: count("refused"), items };
      },
    });
  });
}

function read(work: () => Line[], done: (error: Error | null, body?: unknown) => void): void {
  let lines: Line[];
  try {
    lines = work();
  } catch (error) {
    done(error as Error);
    return;
  }
  done(null, lines);
}

/** The lines of a body: those that its reader has made, or the entries of a JSON array. */
function linesOf(body: unknown): readonly Line[] {
  if (!Array.isArray(body)) {
    throw new Problem(400, "body: expected a list of devices, as JSON array, as JSON lines or as CSV");
  }
  const isRead = body.length > 0 && body.every((each) => each instanceof ReadLine);
  return isRead ? (body as ReadLine[]) : body.map((entry: unknown, index) => ({ line: index + 1, entry }));
}

/** Tells what a reader of this file has made from what came in a JSON array. */
class ReadLine implements Line {
  readonly line: number;
  readonly entry: unknown;
  readonly fault?: string;

  constructor(line: number, entry: unknown, fault?: string) {
    this.line = line;
    this.entry = entry;
    this.fault = fault;
  }
}

function jsonLines(body: string): ReadLine[] {
  const lines: ReadLine[] = [];
  body.split("\n").forEach((text, index) => {
    if (text.trim() === "") return;
    const fault = jsonFault(text);
    if (fault === undefined) lines.push(new ReadLine(index + 1, JSON.parse(text.replace(/^\ufeff/, ""))));
    else lines.push(new ReadLine(index + 1, undefined, `not JSON, column ${fault.column}: ${fault.what}`));
  });
  return lines;
}

/** @throws Problem on what is no CSV, or has other columns */
function csvLines(body: string): ReadLine[] {
  const records = readCsv(withoutBlankEnd(body));
  if ("problem" in records) throw new Problem(400, `body, line ${records.line}: ${records.problem}`);
  const header = records[0]?.fields ?? [];
  for (const [index, column] of header.entries()) {
    if (header.indexOf(column) !== index)
      throw new Problem(400, `body, line 1: column ${column} is there twice`);
    if (deviceFields.includes(column)) continue;
    const near = nearest(column, deviceFields);
    const mend = near === undefined ? `there are ${deviceFields.join(", ")}` : `the nearest is "${near}"`;
    throw new Problem(400, `body, line 1: unknown column ${JSON.stringify(column.slice(0, 80))}; ${mend}`);
  }
  for (const column of ["productKey", "deviceKey"]) {
    if (!header.includes(column)) {
      throw new Problem(400, `body, line 1: column ${column} is missing; there has to be a header`);
    }
  }
  return records.slice(1).map(({ line, fields }) => {
    const named = fields.map((field, index) => [header[index], field] as const);
    // An empty cell is none.
    return new ReadLine(line, Object.fromEntries(named.filter(([, field]) => field !== "")));
  });
}

/** Without blank lines behind the last one, as editors leave them. No pattern, which would look at each blank line anew. */
function withoutBlankEnd(body: string): string {
  let end = body.length;
  while (end > 0 && (body[end - 1] === "\n" || body[end - 1] === "\r")) end -= 1;
  return end === 0 ? "" : `${body.slice(0, end)}\n`;
}

function outcomeOf(cloud: EnosCloud, line: Line, newSecret: () => string, now: number): Outcome {
  const { entry, fault } = line;
  const { productKey, deviceKey } = isObject(entry) ? entry : {};
  const about = {
    line: line.line,
    productKey: typeof productKey === "string" ? productKey.slice(0, 64) : undefined,
    deviceKey: typeof deviceKey === "string" ? deviceKey.slice(0, 64) : undefined,
  };
  const refused = (why: string): Outcome => given({ ...about, outcome: "refused", fault: why });
  if (fault !== undefined) return refused(fault);
  if (deviceKey === "imei" || (deviceKey === undefined && isObject(entry))) {
    return refused("deviceKey: a board that uses its modem's IMEI is registered by that: write the IMEI");
  }
  const secret = isObject(entry) ? entry["deviceSecret"] : undefined;
  const deviceSecret = secret === undefined ? newSecret() : undefined;
  try {
    const record = checkDevice(isObject(entry) ? { ...entry, deviceSecret: secret ?? deviceSecret } : entry);
    if (!cloud.addDevice(record, now)) return given({ ...about, outcome: "exists" });
    return given({ ...about, outcome: "created", deviceSecret });
  } catch (error) {
    if (error instanceof DeviceListError || error instanceof RangeError) return refused(error.message);
    throw error;
  }
}
