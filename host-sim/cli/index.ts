/**
 * The one command line behind `npm start` and the `npm run` commands.
 */
import { obey } from "./program";

// A reader that has seen enough, such as `head`, closes the pipe: that is no failure of ours.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
}

await obey(process.argv.slice(2));
