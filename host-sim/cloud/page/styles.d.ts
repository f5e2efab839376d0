/** Style sheets are bundled, and nothing of them is used in code. */
declare module "*.css";
