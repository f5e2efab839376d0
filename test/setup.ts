/** Property tests draw the same cases in every run; a failure prints the path to its case. */
import fc from "fast-check";

fc.configureGlobal({ seed: 20_261_122 });
