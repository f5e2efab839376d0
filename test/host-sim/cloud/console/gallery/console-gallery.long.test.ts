/**
 * Every place of the console in every state, at three widths and in both themes: pictures to look at, and what can be
 * told without eyes. `GALLERY=FOLDER TEST_DENSITY=full npx vitest run --project long gallery` puts them into FOLDER,
 * with an index.html that shows all of them; `-t NAME` takes those of one place.
 */
import { afterAll, describe, expect, test } from "vitest";
import { hasBrowser, openConsole, useBrowser } from "../browser-rig";
import { consoleStates } from "./console-states";
import { look, writeIndex } from "./look";

describe.skipIf(!hasBrowser)("the console looks as it should", () => {
  useBrowser();
  afterAll(writeIndex);

  test.each(consoleStates.map((state) => [state.name, state] as const))(
    "%s",
    async (name, { open, make }) => {
      const opened = await openConsole(open);
      await make(opened);
      expect(await look(opened.page, name)).toEqual([]);
    },
  );
});
