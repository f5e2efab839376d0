/** The faults that can be made on purpose between devices and cloud, for people. */
import type { Faults } from "../../../coap/faults";

interface FaultName {
  readonly name: keyof Faults;
  readonly label: string;
  /** For the header of the page, behind the figure: `30 % lost down`. */
  readonly short: string;
  /** What a device sees of it. */
  readonly hint: string;
  readonly unit: "%" | "ms";
  readonly most: number;
}

export const faultNames: readonly FaultName[] = [
  {
    name: "dropUp",
    label: "Lost on the way up",
    short: "lost up",
    hint: "of the datagrams from devices; they send them again",
    unit: "%",
    most: 100,
  },
  {
    name: "dropDown",
    label: "Lost on the way down",
    short: "lost down",
    hint: "of the datagrams to devices; the request was carried out, and comes again",
    unit: "%",
    most: 100,
  },
  {
    name: "duplicateDown",
    label: "Doubled on the way down",
    short: "doubled",
    hint: "of the datagrams to devices arrive twice",
    unit: "%",
    most: 100,
  },
  {
    name: "delayDown",
    label: "Delay on the way down",
    short: "late",
    hint: "later than it would, all that the cloud sends leaves",
    unit: "ms",
    most: 600_000,
  },
  {
    name: "serverError",
    label: "Server errors",
    short: "server errors",
    hint: "of the requests are answered 5.00 and not carried out",
    unit: "%",
    most: 100,
  },
];
