// The variant of msgpackr without generated code has no declarations of its own: it has those of the whole.
declare module "msgpackr/index-no-eval" {
  export { Packr, Unpackr } from "msgpackr";
}
