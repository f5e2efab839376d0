/**
 * The fleet for as long as the page is open: read once when it is first shown, kept up by the stream. It goes on while
 * another place is shown, so that coming back shows it at once.
 */
import { effect, signal } from "@preact/signals";
import { reasonOf } from "../../../reason";
import { ApiFault, call } from "../api";
import { connection, generation, listen } from "../connection";
import { FleetRows } from "./fleet-rows";
import type { CloudEvent } from "../../../events";
import type { FleetAnswer } from "./fleet-rows";

/** Counts up whenever a row has changed. */
export const fleetVersion = signal(0);
/** Whether it has been read, and why it could not be the last time. */
export const fleetState = signal<{ readonly isRead: boolean; readonly fault?: string }>({ isRead: false });
export const fleet = new FleetRows();

/** However much happens, the page draws at most once in this time, and asks as often, ms. */
const drawPace = 100;
const readPace = 500;
/** Devices asked for in one request, see api/schemas/fleet.ts; and those beyond which all are read. */
const mostNamed = 50;
const mostStale = 400;

let isBegun = false;
let isReading = false;
/** What happened while a request is under way, whose answer may be of before. */
let meanwhile: CloudEvent[] = [];
let isAllStale = false;
let drawing: ReturnType<typeof setTimeout> | undefined;
let reading: ReturnType<typeof setTimeout> | undefined;

/** Begins with it, the first time. */
export function beginFleet(): void {
  if (isBegun) return;
  isBegun = true;
  listen((entry) => {
    if (entry.kind !== "event") return;
    if (isReading) meanwhile.push(entry.event);
    hear(entry.event);
  });
  effect(() => {
    void generation.value;
    isAllStale = true;
    void read();
  });
}

/** Reads all of it again. */
export function readFleet(): void {
  isAllStale = true;
  void read();
}

/** Reads some devices again, such as those in view, whose alarms grow old without an event. */
export async function refresh(ids: readonly string[]): Promise<void> {
  if (ids.length === 0 || isReading || connection.value.state !== "live") return;
  isReading = true;
  await readNamed(ids.slice(0, mostNamed)).catch(() => undefined);
  ended();
}

function hear(event: CloudEvent): void {
  const heard = fleet.hear(event);
  if (heard === "nothing") return;
  draw();
  if (heard === "all-stale") isAllStale = true;
  if (heard !== "changed") readSoon();
}

function draw(): void {
  drawing ??= setTimeout(() => {
    drawing = undefined;
    fleetVersion.value += 1;
  }, drawPace);
}

function readSoon(): void {
  reading ??= setTimeout(() => {
    reading = undefined;
    void read();
  }, readPace);
}

async function readNamed(ids: readonly string[]): Promise<void> {
  fleet.update(ids, await call<FleetAnswer>(`/fleet?of=${ids.join(",")}`));
  draw();
}

/** What happened while it was read is heard once more, over what was answered. */
function ended(): void {
  isReading = false;
  const events = meanwhile;
  meanwhile = [];
  events.forEach(hear);
}

async function read(): Promise<void> {
  // What came meanwhile is looked at when this one has ended.
  if (isReading) return;
  isReading = true;
  try {
    if (isAllStale || fleet.staleCount > mostStale) {
      isAllStale = false;
      fleet.replace(await call<FleetAnswer>("/fleet"));
      fleetState.value = { isRead: true };
      fleetVersion.value += 1;
    } else if (fleet.staleCount > 0) await readNamed(fleet.takeStale(mostNamed));
    ended();
    if (isAllStale || fleet.staleCount > 0) readSoon();
  } catch (error) {
    ended();
    isAllStale = true;
    const fault = reasonOf(error, "the fleet cannot be read");
    fleetState.value = { ...fleetState.value, fault };
    // Without a connection, and without a token, it is read anew when there is one (connection.ts).
    if (error instanceof ApiFault && error.status !== 401) setTimeout(readSoon, 5_000);
  }
}
