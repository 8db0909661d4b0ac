// Who makes the link between controller and client; both prove themselves in the same way, whoever has come.

/** In this order they are tried: the client dials, the controller dials, a stream through SSH is found. */
export const LINK_WAYS = ["client", "controller", "ssh"] as const;
export type LinkWay = (typeof LINK_WAYS)[number];

/** As people read it. */
export const LINK_WAY_WORDS: Readonly<Record<LinkWay, string>> = {
  client: "dialled by the client",
  controller: "dialled by the controller",
  ssh: "over SSH",
};
