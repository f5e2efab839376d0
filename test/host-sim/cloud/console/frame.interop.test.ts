/** The frame around every place: addresses, the state of the connection, and the policy of the page. */
import { describe, expect, test } from "vitest";
import { cloudTabs, deviceTabs, productTabs } from "../../../../host-sim/cloud/console/addresses";
import { dk, pk } from "../api/device";
import { expectNoOverflow, forgive, hasBrowser, openConsole, useBrowser } from "./browser-rig";

describe.skipIf(!hasBrowser)("the frame", () => {
  useBrowser();

  test.each([
    ["/", "Fleet"],
    ["/fleet?state=offline", "Fleet"],
    [`/devices/${pk}/${dk}/messages`, `${pk}/${dk}`],
    ["/products", "Products"],
    [`/products/${pk}/script`, pk],
    ["/cloud/network", "Cloud"],
  ])("%s is an address that survives a reload, and is named in the title", async (at, title) => {
    const { page } = await openConsole({ at });
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    await expect.poll(() => page.title()).toBe(`${title} · EnOS stand-in`);
    await page.reload();
    await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
    await expect.poll(() => page.url()).toContain(at);
    await page.setViewportSize({ width: 360, height: 740 });
    await expectNoOverflow(page);
  });

  test("links change the place without loading the page anew, and the browser's back goes back", async () => {
    const { page } = await openConsole();
    await page.evaluate("window.sameDocument = true");
    await page.getByRole("link", { name: "Cloud", exact: true }).click();
    await page.getByRole("heading", { name: "Cloud", level: 1 }).waitFor();
    await expect.poll(() => new URL(page.url()).pathname).toBe("/cloud/faults");
    await page.goBack();
    await page.getByRole("heading", { name: "Fleet", level: 1 }).waitFor();
    expect(await page.evaluate("window.sameDocument")).toBe(true);
  });

  test.each(["light", "dark"] as const)(
    "nothing is cut off in %s, on a phone or a wide screen",
    async (colorScheme) => {
      const opened = await openConsole({ browser: { colorScheme } });
      const { page, rig, device } = opened;
      device.authenticate();
      device.points("1", { temperature: 20.5, firmware: "x".repeat(32) }, rig.time.now);
      const places = [
        ["/fleet", "/products"],
        deviceTabs.map((tab) => `/devices/${pk}/${dk}/${tab}`),
        productTabs.map((tab) => `/products/${pk}/${tab}`),
        cloudTabs.map((tab) => `/cloud/${tab}`),
      ].flat();
      for (const place of places) {
        await page.goto(new URL(place, page.url()).href);
        await page.getByRole("status").filter({ hasText: "● live" }).waitFor();
        for (const width of [360, 800, 1400]) {
          await page.setViewportSize({ width, height: 800 });
          await expectNoOverflow(page);
        }
      }
      // Firmware files and webhooks, which this stand-in keeps none of.
      forgive(opened, /404/);
    },
  );

  test("the current tab is in sight where the tabs do not fit beside each other", async () => {
    const at = (tab: string): string => `/devices/${pk}/${dk}/${tab}`;
    const { page } = await openConsole({ at: at("update") });
    const tabs = page.locator(".tabs");
    const seen = async (name: string): Promise<boolean> => {
      const [row, tab] = await Promise.all([
        tabs.boundingBox(),
        tabs.getByRole("link", { name }).boundingBox(),
      ]);
      // Widths have fractions, scrolling has none.
      return tab!.x >= row!.x - 1 && tab!.x + tab!.width <= row!.x + row!.width + 1;
    };
    await page.setViewportSize({ width: 360, height: 740 });
    await page.reload();
    await tabs.getByRole("link", { name: "Update" }).waitFor();
    await expect.poll(() => seen("Update")).toBe(true);
    expect(await seen("Live")).toBe(false);
    await tabs.getByRole("link", { name: "Attributes" }).click();
    await expect.poll(() => seen("Attributes")).toBe(true);
    await page.goto(new URL(at("live"), page.url()).href);
    await expect.poll(() => seen("Live")).toBe(true);
  });

  test("an address that names nothing says so, and is answered 404", async () => {
    const opened = await openConsole();
    const answer = await opened.page.goto(`${opened.origin}/devices/a/b/c/d`);
    expect(answer?.status()).toBe(404);
    await opened.page.getByText("There is nothing at this address").waitFor();
    forgive(opened, /404/);
  });
});
