/** What a simulated modem tells a timeline. Every `time` is virtual ms. */
import type { Endpoint, PsmTimers } from "../radio/link";

export type ModemEvent =
  | {
      readonly type: "power";
      readonly time: number;
      /** `hung`: dead, though it has power. */
      readonly state: "off" | "booting" | "on" | "hung";
      readonly reason: string;
    }
  | {
      /**
       * Registration: 0 off, 1 home network, 2 searching, 3 denied, 4 searching out of coverage, 5 a foreign
       * network (the `stat` of CEREG).
       */
      readonly type: "attach";
      readonly time: number;
      readonly stat: 0 | 1 | 2 | 3 | 4 | 5;
      /** What the network granted; `undefined` while not registered or without PSM. */
      readonly psm: PsmTimers | undefined;
    }
  | {
      /** The radio connection, which costs energy. */
      readonly type: "rrc";
      readonly time: number;
      readonly state: "connected" | "idle" | "off";
    }
  | { readonly type: "psm"; readonly time: number; readonly state: "enter" }
  | {
      readonly type: "psm";
      readonly time: number;
      readonly state: "exit";
      /** What woke it: the power key or a pin like it, a byte on the UART, or the periodic update timer. */
      readonly reason: "key" | "uart" | "T3412";
    }
  | {
      readonly type: "socket";
      readonly time: number;
      readonly id: number;
      readonly state: "created" | "connected" | "closed";
      readonly peer?: Endpoint;
    }
  | {
      readonly type: "send";
      readonly time: number;
      readonly id: number;
      readonly bytes: Uint8Array;
      /** Release assistance in force for this packet. */
      readonly rai: 0 | 1 | 2;
    }
  | { readonly type: "receive"; readonly time: number; readonly id: number; readonly bytes: Uint8Array }
  | {
      readonly type: "dropped";
      readonly time: number;
      readonly what: "datagram" | "command";
      readonly reason:
        "psm" | "radio off" | "no socket" | "busy" | "no command" | "too long" | "too soon" | "deaf";
    };
