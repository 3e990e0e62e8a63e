/**
 * How much the two programs say to each other at most. What comes from the other side is hostile until decoded,
 * so every text, list and nesting has its bound here; a bound that is hit is either cut (facts that people read)
 * or refused (things that decide something).
 */

/** One request travels in one SSH packet, and peers of the original end the connection above 256 KiB. Bytes. */
export const MAX_PAYLOAD_BYTES = 256 * 1024
/** The deepest object the original sends has 5 levels (ClientConfiguration → monitoring → lan_card …). */
export const MAX_DEPTH = 32
/** Values, keys and list items of one document; a registration with 500 remotes has about 20,000. */
export const MAX_NODES = 50_000
/** Text of a failure reply; it ends up in API errors and log lines. Characters. */
export const MAX_FAILURE_CHARS = 1000

/** Facts of the inventory (`uname -a`, CPU names): longer ones are cut. Characters. */
export const MAX_FACT_CHARS = 512
/** Client id, session id, names: longer ones are refused, because a cut id is another id. Characters. */
export const MAX_ID_CHARS = 256
/** Addresses of all interfaces of a machine; container hosts have many. */
export const MAX_ADDRESSES = 256
/** Tags and labels that an agent may carry, and the length of each. */
export const MAX_TAGS = 256
export const MAX_TAG_CHARS = 256
/** Standing remotes of one agent: each is a listener on the server. */
export const MAX_REMOTES = 500
/** Abilities that a peer announces. */
export const MAX_FEATURES = 32

/** Text parts of the ClientConfiguration that are kept (a command filter may be long). Characters. */
export const MAX_SETTING_CHARS = 4096
/** Values of the ClientConfiguration that are kept. */
export const MAX_SETTING_NODES = 5000

/** Open updates that are listed, and the length of each text. */
export const MAX_UPDATES = 2000
export const MAX_UPDATE_CHARS = 2000

/** A DNS name has 253 characters at most. */
export const MAX_HOST_CHARS = 253
/** `[[lhost:]lport:][rhost:]rport[/protocol]`: two hosts in brackets, two ports, a protocol. Characters. */
export const MAX_REMOTE_CHARS = 600
/** Entries of one tunnel ACL; each is compared for each visitor. */
export const MAX_ACL_ENTRIES = 500
/** Entries of `tunnel_allowed`; each is compared for each channel. */
export const MAX_TUNNEL_ALLOWED_ENTRIES = 1000
/** Entries of `used_ports` and `excluded_ports`. */
export const MAX_PORT_RANGES = 1000

export const MAX_PORT = 65_535
