/** How the page stands to the stand-in: token wanted or wrong, a reader's, no connection, restarted, faults on. */
import { describe, expect, test } from "vitest";
import { Feed } from "../../../../host-sim/cloud/console/feed";
import {
  expectInView,
  forgive,
  hasBrowser,
  ofItsEnd,
  openConsole,
  overlook,
  pass,
  settled,
  useBrowser,
} from "./browser-rig";
import { apiRig } from "../api/rig";
import { dk, pk } from "../api/device";
import type { AddressInfo } from "node:net";

const token = "operator-0123456789";
const readToken = "reader-0123456789abc";

describe.skipIf(!hasBrowser)("the console", () => {
  useBrowser();

  test("asks for the token, says that one is wrong, and keeps the right one for this tab", async () => {
    const { page } = await openConsole({ at: "/cloud/data", api: { token } });
    await page.getByRole("heading", { name: "This console needs a token" }).waitFor();
    await expect.poll(() => page.evaluate("document.activeElement.name")).toBe("token");
    await page.getByLabel("Token").fill("operator-0123456780");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("alert").filter({ hasText: "refused this token" }).waitFor();
    await expect.poll(() => page.getByLabel("Token").getAttribute("aria-invalid")).toBe("true");
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("heading", { name: "Passed since its start" }).waitFor();
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Passed since its start" }).waitFor();
    expect(await page.content()).not.toContain(token);
  });

  test("a refusal of a former token that comes late takes the present one away from nobody", async () => {
    const { page } = await openConsole({ at: "/cloud/data", api: { token } });
    await page.getByRole("heading", { name: "This console needs a token" }).waitFor();
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const wrong = "operator-0123456780";
    await page.route("**/api/v1/events", async (route) => {
      const isLate = route.request().headers()["authorization"] === `Bearer ${wrong}`;
      if (isLate) await held;
      await route.continue();
    });
    await page.getByLabel("Token").fill(wrong);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("alert").filter({ hasText: "refused this token" }).waitFor();
    await page.getByLabel("Token").fill(token);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("heading", { name: "Passed since its start" }).waitFor();
    release();
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    expect(await page.getByRole("heading", { name: "This console needs a token" }).count()).toBe(0);
  });

  test("a wrong token is said also where several requests are refused by it", async () => {
    const { page } = await openConsole({ at: "/fleet", api: { token } });
    await page.getByLabel("Token").fill("operator-0123456780");
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByRole("alert").filter({ hasText: "refused this token" }).waitFor();
  });

  test("a reader's token looks and does not touch: what changes something is greyed, and the header says so", async () => {
    const opened = await openConsole({ at: "/cloud/faults", api: { token, readToken } });
    const { page } = opened;
    await page.getByLabel("Token").fill(readToken);
    await page.getByRole("button", { name: "Connect" }).click();
    await page.getByText("look only").waitFor();
    for (const name of ["Apply", "Switch all off", "Begin an outage", "End all sessions"]) {
      await expect.poll(() => page.getByRole("button", { name }).isDisabled(), { message: name }).toBe(true);
    }
    await expect.poll(() => page.getByLabel(/Lost on the way up/).isDisabled()).toBe(true);
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByText("With this token one may look and change nothing.").waitFor();
    // This rig's stand-in has no webhooks.
    forgive(opened, /404/);
  });

  test("without a connection everything greys, is said across the page, and comes back by itself", async () => {
    const opened = await openConsole({ at: "/cloud/data" });
    const { page, rig } = opened;
    await page.getByRole("heading", { name: "Held" }).waitFor();
    const { port } = rig.app.server.address() as AddressInfo;
    await page.route("**/api/**", (route) => route.abort());
    rig.app.server.closeAllConnections();
    const note = page.getByRole("alert").filter({ hasText: "No connection" });
    await note.waitFor();
    await expectInView(note);
    const filter = (): Promise<unknown> =>
      page.evaluate('getComputedStyle(document.querySelector("main > *")).filter');
    await expect.poll(filter).toBe("grayscale(1)");
    // What was there is still to be read.
    expect(await page.getByRole("heading", { name: "Held" }).isVisible()).toBe(true);
    await page.getByRole("status").filter({ hasText: "no connection" }).waitFor();
    await page.unroute("**/api/**");
    await note.getByRole("button", { name: "Try now" }).click();
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    await expect.poll(filter).toBe("none");
    expect(port).toBeGreaterThan(0);
    forgive(opened, /ERR_|Failed to load/);
  });

  test("after a restart of the stand-in all is read anew, and said", async () => {
    const opened = await openConsole({ at: "/cloud/data" });
    const { page, rig } = opened;
    await page.getByRole("link", { name: "2, 0 online" }).waitFor();
    const { port } = rig.app.server.address() as AddressInfo;
    await rig.app.close();
    let now = rig.time.now + 60_000;
    const feed = new Feed(() => now);
    const next = await apiRig(
      { feed, now: () => now },
      { devices: [{ productKey: pk, deviceKey: dk, deviceSecret: "another" }] },
    );
    await page.getByRole("alert").filter({ hasText: "No connection" }).waitFor();
    await next.app.listen({ host: "127.0.0.1", port });
    try {
      await page.getByRole("button", { name: "Try now" }).click();
      await page.getByRole("status").filter({ hasText: "The stand-in was restarted" }).waitFor();
      await page.getByRole("link", { name: "1, 0 online" }).waitFor();
      await page.getByRole("button", { name: "Understood" }).click();
      await expect.poll(() => page.getByText("The stand-in was restarted").count()).toBe(0);
      overlook(opened, ofItsEnd);
    } finally {
      now += 1;
      await opened.context.close();
      await next.app.close();
    }
  });

  test("faults that are on stand in the header of every place, also those that another switched on", async () => {
    const opened = await openConsole({ at: "/fleet" });
    const { page, rig } = opened;
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    const badge = page.locator(".chip.faults");
    await settled(page);
    expect(await badge.count()).toBe(0);
    await rig.call("PUT", "/api/v1/faults", { dropUp: 0.25, serverError: 0.1 });
    await badge.filter({ hasText: "25 % lost up, 10 % server errors" }).waitFor();
    await badge.click();
    await page.getByRole("heading", { name: "Network and server" }).waitFor();
    await expect.poll(() => page.getByLabel(/Lost on the way up/).inputValue()).toBe("25");
    await page.getByRole("button", { name: "Switch all off" }).click();
    await page.getByText("No fault is on.").waitFor();
    await expect.poll(() => badge.count()).toBe(0);
    expect(rig.cloud.faults.dropUp).toBe(0);
    await page.getByLabel(/Delay on the way down/).fill("1500");
    await page.getByRole("button", { name: "Apply" }).click();
    await expect.poll(() => rig.cloud.faults.delayDown).toBe(1500);
    await page.getByRole("button", { name: "Begin an outage" }).click();
    await badge.filter({ hasText: "cloud down, 1,500 ms late" }).waitFor();
    expect(rig.cloud.down).toBe(true);
    await page.getByRole("button", { name: "End the outage" }).click();
    await expect.poll(() => rig.cloud.down).toBe(false);
  });

  test("to end all sessions asks first, and names what it does", async () => {
    const opened = await openConsole({ at: "/cloud/faults" });
    const { page, rig, device, changes } = opened;
    device.authenticate();
    const button = page.getByRole("button", { name: "End all sessions" });
    await button.click();
    const dialog = page.getByRole("dialog", { name: "End all sessions?" });
    await dialog.getByText("This cannot be taken back.").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect.poll(() => page.evaluate("document.activeElement.innerText")).toBe("End all sessions");
    expect(changes).toEqual([]);
    expect(rig.cloud.devices.count().online).toBe(1);
    await button.click();
    await dialog.getByRole("button", { name: "End all sessions" }).click();
    await page.getByText("1 session ended.").waitFor();
    await pass(opened, 1_000);
    expect(rig.cloud.devices.count().online).toBe(0);
  });

  test("NAT and rate limit are set, and what is refused is said", async () => {
    const opened = await openConsole({ at: "/cloud/network" });
    const { page, rig } = opened;
    await page.getByLabel(/A session belongs to/).selectOption("address");
    await page.getByLabel(/so many seconds of silence/).fill("300");
    await page.getByRole("button", { name: "Apply to NAT" }).click();
    await expect.poll(() => rig.cloud.nat).toEqual({ tie: "address", addressIdle: 300 });
    await page.getByLabel(/Datagrams a second/).fill("5");
    await page.getByRole("button", { name: "Apply to the limit" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel(/at once after silence/).fill("10");
    await page.getByRole("button", { name: "Apply to the limit" }).click();
    await expect.poll(() => rig.cloud.rateLimit).toEqual({ perSecond: 5, burst: 10 });
    forgive(opened, /422/);
  });
});
