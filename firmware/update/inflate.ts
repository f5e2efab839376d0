/** Unpacks raw deflate. */
export const windowLength = 2_048;
