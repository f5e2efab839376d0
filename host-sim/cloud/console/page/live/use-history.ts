/** The values of a measure point within a time, read from the API once and kept up by what comes live. */
import { useEffect, useRef, useState } from "preact/hooks";
import { useSignalEffect } from "@preact/signals";
import { PointSeries } from "./series";
import { lines, pathOf } from "../api";
import { generation, listen } from "../connection";
import { reasonOf } from "../../../reason";
import type { Range } from "../../../page/chart-time";
import type { StoredPoint } from "../../../registry/history";
import type { DeviceTabProps } from "../tab-props";

/** Values in one answer of the API. */
const most = 10_000;
/** Live values are shown at most this often, ms. */
const pace = 300;
/** A zoom goes on for a while before its time is read, ms. */
const settling = 150;

export interface History {
  /** Undefined until it has been read. */
  readonly series: PointSeries | undefined;
  /** Counts up with each change of the series. */
  readonly version: number;
  readonly fault: string | undefined;
  /** There were more values than one answer has: this is the oldest that was read, epoch ms. */
  readonly cutAt: number | undefined;
}

interface Held {
  readonly series: PointSeries;
  readonly from: number;
  /** Infinity: up to now, and it goes on. */
  readonly to: number;
  readonly cutAt: number | undefined;
}

/** The series that is read, or was read last. */
interface Coming {
  readonly series: PointSeries;
  isRead: boolean;
  /** A value came meanwhile whose end is missing. */
  isCut: boolean;
}

/**
 * @param point identifier
 * @param range what is wanted; from 0 on: all
 * @param isLive it ends now, and goes on
 * @param isWanted nothing is read before
 */
export function useHistory(
  device: DeviceTabProps,
  point: string,
  range: Range,
  isLive: boolean,
  isWanted = true,
): History {
  const [held, setHeld] = useState<Held>();
  const [fault, setFault] = useState<string>();
  const [version, setVersion] = useState(0);
  const current = useRef<Held | undefined>(undefined);
  current.current = held;
  const coming = useRef<Coming>(undefined);
  // What is held already answers a closer look.
  const covers =
    held !== undefined &&
    (held.cutAt === undefined || range.from >= held.cutAt) &&
    held.from <= range.from &&
    held.to >= (isLive ? Infinity : range.to);
  const [asked, setAsked] = useState(0);
  const { productKey, deviceKey } = device;
  const readAnew = (): void => {
    setHeld((former) => (former?.to === Infinity ? { ...former, to: -Infinity } : former));
    setAsked((former) => former + 1);
  };
  // Before anything is read, and for all of it: what comes between what was read and its first drawing would be in neither.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const end = follow(device, point, (value) => {
      const reading = coming.current;
      if (reading === undefined) return;
      // What goes live has only the beginning of a long value: it is read anew, and what is held stays in view.
      if (mayBeCut(value.value)) {
        if (reading.isRead && !reading.isCut) readAnew();
        reading.isCut = true;
        return;
      }
      reading.series.add(value);
      const shown = current.current;
      if (shown?.to === Infinity && shown.series !== reading.series) shown.series.add(value);
      timer ??= setTimeout(() => {
        timer = undefined;
        setVersion((former) => former + 1);
      }, pace);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [productKey, deviceKey, point]);
  useEffect(() => {
    if (!isWanted || covers) return;
    const abort = new AbortController();
    const read = async (): Promise<void> => {
      const series = new PointSeries();
      // Live values that come meanwhile are put in as well, and are not doubled.
      const own: Coming = (coming.current = { series, isRead: false, isCut: false });
      try {
        const base = `${pathOf(device)}/measurepoints/${encodeURIComponent(point)}/history?format=jsonl`;
        const until = isLive ? "" : `&to=${Math.ceil(range.to)}`;
        const from = Math.max(0, Math.floor(range.from));
        const newest = await lines<StoredPoint>(`${base}&limit=${most}&from=${from}${until}`, abort.signal);
        // What was before holds until the first change.
        const before =
          newest.length === most || from === 0
            ? []
            : await lines<StoredPoint>(`${base}&limit=1&to=${from - 1}`, abort.signal);
        for (const value of [...before, ...newest.reverse()]) series.add(value);
        if (abort.signal.aborted) return;
        setFault(undefined);
        own.isRead = true;
        setHeld({
          ...{ series, from: range.from, to: isLive ? Infinity : range.to },
          cutAt: newest.length === most ? series.times[0] : undefined,
        });
        if (own.isCut && isLive) readAnew();
      } catch (error) {
        if (!abort.signal.aborted) setFault(reasonOf(error, "it cannot be read"));
      }
    };
    const timer = setTimeout(() => void read(), current.current === undefined ? 0 : settling);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [
    productKey,
    deviceKey,
    point,
    isWanted,
    covers,
    covers ? 0 : range.from,
    covers ? 0 : range.to,
    isLive,
    asked,
  ]);
  const first = useRef(generation.value);
  useSignalEffect(() => {
    if (generation.value === first.current) return;
    first.current = generation.value;
    setHeld(undefined);
    setAsked((former) => former + 1);
  });
  return { series: held?.series, version, fault, cutAt: held?.cutAt };
}

/** Characters from which on a text may be the beginning of a longer value, see console/feed.ts. */
const cutFrom = 500;

function mayBeCut(value: unknown): boolean {
  return typeof value === "string" && value.length >= cutFrom;
}

/** Calls `onValue` with each value of the point that comes. The answer ends that. */
function follow(
  { productKey, deviceKey }: DeviceTabProps,
  point: string,
  onValue: (value: StoredPoint) => void,
): () => void {
  return listen((entry) => {
    if (entry.kind !== "event" || entry.event.type !== "stored") return;
    const { event } = entry;
    if (event.productKey !== productKey || event.deviceKey !== deviceKey || event.points === undefined)
      return;
    if (!Object.hasOwn(event.points, point)) return;
    onValue(storedPoint(event.points[point], event));
  });
}

/** A value as it came, `{ value, quality }` or a value. */
function storedPoint(
  given: unknown,
  { at, time, late }: { at: number; time?: number; late?: true },
): StoredPoint {
  const more = { at, ...(time === undefined ? {} : { time }), ...(late === undefined ? {} : { late }) };
  const isMarked =
    typeof given === "object" && given !== null && "quality" in given && Object.keys(given).length === 2;
  if (!isMarked || !("value" in given)) return { value: given, ...more };
  return { value: given.value, quality: Number(given.quality), ...more };
}
