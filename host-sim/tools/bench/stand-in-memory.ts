/** Whether the stand-in's memory stays flat, however much its devices report. */
import { EnosCloud } from "../../cloud/cloud";
import { DeviceDatagrams, benchDevices } from "./device-datagrams";
import { heapUsed } from "./measure";

export interface MemoryFigures {
  readonly reports: number;
  readonly devices: number;
  readonly stored: number;
  /** Heap after garbage collection after the first tenth, in the middle and at the end, bytes. */
  readonly heap: readonly number[];
}

const token = Uint8Array.of(0x9f, 0x86, 0xd0, 0x81);

/** A million reports of a thousand devices through the stand-in in this process, without sockets. */
export function benchStandInMemory(reports = 1_000_000, devices = 1000): MemoryFigures {
  const list = benchDevices(devices);
  let answer: Uint8Array = new Uint8Array(0);
  const cloud = new EnosCloud({
    transmit(datagram) {
      answer = datagram;
    },
    randomBytes: (n) => new Uint8Array(n).fill(7),
    ...{ edition: "token", iv: "zero", devices: list },
  });
  const peers = list.map((_, i) => ({ address: "192.0.2.1", port: 5683 + i }));
  const datagrams = list.map((device) => new DeviceDatagrams(device, "json", true));
  for (let i = 0; i < devices; i++) {
    cloud.receive(datagrams[i].authentication(0xffff, token), peers[i], 0);
    datagrams[i].accept(answer);
  }
  const heap: number[] = [];
  for (let i = 0; i < reports; i++) {
    const device = i % devices;
    const turn = Math.floor(i / devices);
    // A device's reports are a minute apart, so that its message ids come again when they may.
    const now = turn * 60_000 + device * 10;
    cloud.receive(datagrams[device].report(turn & 0xffff, token, turn + 1), peers[device], now);
    if (i + 1 === reports / 10 || i + 1 === reports / 2 || i + 1 === reports) heap.push(heapUsed());
  }
  let stored = 0;
  for (const view of cloud.devices.list()) stored += view.counters.stored;
  return { reports, devices, stored, heap };
}
