import { describe, expect, it } from "vitest";
import { Identification } from "../../../firmware/device/identification";

const minute = 60_000;

describe("a board without a device key", () => {
  it("goes on trying where storage does not take it, and restarts once it has", () => {
    const did: string[] = [];
    let broken = true;
    const modem = {
      imei: undefined as string | undefined,
      deadline: 1_000,
      connect: () => did.push("connect"),
      poll() {},
      suspend: () => did.push("suspend"),
    };
    const identification = new Identification({
      modem,
      store: (key) => {
        if (broken) throw new Error("ESP_ERR_NVS_NOT_ENOUGH_SPACE");
        did.push(`stored ${key}`);
      },
      restart: () => did.push("restart"),
      log: (event) => did.push(event.kind === "memory failed" ? event.reason : event.kind),
    });
    identification.poll(0);
    expect(did).toEqual(["keys missing", "connect"]);
    modem.imei = "864600031234566";
    did.length = 0;
    for (let now = 1_000; now < 40 * minute; now += 1_000) identification.poll(now);
    expect(did.filter((what) => what.startsWith("ESP_ERR"))).toHaveLength(3);
    expect(did.filter((what) => what === "connect")).toHaveLength(3);
    expect(identification.deadline).toBeGreaterThan(40 * minute);
    did.length = 0;
    broken = false;
    for (let now = 40 * minute; now < 60 * minute; now += 1_000) identification.poll(now);
    expect(did).toEqual(["connect", "suspend", "stored 864600031234566", "keys found", "restart"]);
  });
});
