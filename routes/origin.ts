/**
 * Where a request comes from: by which name it found us, from which page, and from which machine.
 *
 * What a header says is believed only where lying takes something away. Whether the peer is this
 * machine is told by its socket.
 *
 * @module
 */

import type { Context, MiddlewareHandler } from "hono";
import type { Config } from "../config.ts";
import type { Bindings } from "./bindings.ts";

const LOOPBACK_NAME = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i;
/** An address can't be pointed elsewhere, as a name can (DNS rebinding). */
const ADDRESS = /^(\d{1,3}(\.\d{1,3}){3}|\[[0-9a-f:.]+\])$/i;
const LOOPBACK_ADDRESS = /^(::ffff:)?127(\.\d{1,3}){3}$|^::1$/i;

/** What proxies and tunnels add: a request that was forwarded does not come from this machine. */
const FORWARDED = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-port",
  "x-forwarded-proto",
  "x-forwarded-server",
  "x-original-host",
  "x-client-ip",
  "x-real-ip",
  "via",
  "cf-connecting-ip",
  "true-client-ip",
  "fly-client-ip",
];

/** One way to write a host: names have no case, and a dot at their end changes nothing. */
const plain = (host: string) => host.toLowerCase().replace(/\.(?=(:\d+)?$)/, "");

/** The host by which the request found us. */
function hostOf(c: Context): string {
  return plain(c.req.header("host") ?? new URL(c.req.url).host);
}

/** The same, without its port. */
const nameOf = (c: Context) => hostOf(c).replace(/:\d+$/, "");

/** Whether the name is one of ours: a name of somebody else's that leads here is in no list. */
function isOurName(name: string, config: Config): boolean {
  if (LOOPBACK_NAME.test(name) || ADDRESS.test(name)) return true;
  if (config.PUBLIC_URL && name === new URL(config.PUBLIC_URL).hostname) return true;
  return config.EARSHOT_HOSTS?.includes(name) ?? false;
}

/** Answers 403 to pages of somebody else; programs name no page. */
export function noOthersPages(config: Config): MiddlewareHandler<Bindings> {
  return async function noOthersPages(c, next) {
    const wrong = othersPage(c, pageHosts(config));
    if (wrong) return c.text(wrong, 403);
    await next();
  };
}

/** What shows that the request came by a name that isn't ours, or from another's page; or null. */
export function notOurs(c: Context, config: Config): string | null {
  const name = nameOf(c);
  if (!isOurName(name, config)) {
    return `Host is ${shown(name)}, which is no name of this server: EARSHOT_HOSTS names more`;
  }
  return othersPage(c, pageHosts(config));
}

/** Where our page may have come from, though a proxy wrote another `Host`. */
function pageHosts({ PUBLIC_URL, EARSHOT_HOSTS = [] }: Config): readonly string[] {
  return PUBLIC_URL ? [...EARSHOT_HOSTS, new URL(PUBLIC_URL).host] : EARSHOT_HOSTS;
}

/**
 * How a page of somebody else shows itself, or null. Clients that are no browsers say nothing.
 *
 * @param known Hosts that are ours besides the one that was asked for.
 */
function othersPage(c: Context, known: readonly string[]): string | null {
  const site = c.req.header("sec-fetch-site");
  if (site === "cross-site" || site === "same-site") return `Sec-Fetch-Site is ${shown(site)}`;
  const origin = c.req.header("origin");
  if (origin === undefined) return null;
  const ours = [hostOf(c), ...known];
  if (URL.canParse(origin) && ours.includes(plain(new URL(origin).host))) return null;
  return `Origin is ${shown(origin)}, wanted is this server's own: ` +
    "behind a proxy that writes another Host, PUBLIC_URL or EARSHOT_HOSTS names it";
}

const shown = (text: string) => JSON.stringify(text.slice(0, 100));

/** Why a request is not that of a person at this very machine, or null. */
export function notFromHere(c: Context<Bindings>, config: Config): string | null {
  if (config.FLY_REGION) return "on Fly";
  // What stands in front of us reaches us over loopback too, and may add no header. Without this
  // setting such a proxy can't be told from a program here: docs/security.md says what to do.
  if (config.isPublic) return "while PUBLIC_URL is set";
  if (!LOOPBACK_ADDRESS.test(c.env?.remoteAddress ?? "")) return "beyond this machine";
  if (FORWARDED.some((name) => c.req.header(name) !== undefined)) return "through a proxy";
  if (!LOOPBACK_NAME.test(nameOf(c))) return "under a name other than localhost";
  // Such a page can't read the answer, but each of its requests would hold a place.
  // A name from the list may be that of a proxy, whose visitors are elsewhere.
  if (othersPage(c, [])) return "to pages of others";
  return null;
}

/**
 * Whom a limit by address counts: the socket's peer, or whom a proxy of ours says that it stands for.
 * A peer on a public address can write any header, so only those nearby are believed.
 *
 * @returns An IPv4 address, or the /64 network of an IPv6 address, which is what one household has.
 */
export function callerAddress(c: Context<Bindings>, config: Config): string {
  const peer = (c.env.remoteAddress ?? "").replace(/^::ffff:(?=\d+\.)/i, "");
  const fly = config.FLY_REGION ? c.req.header("fly-client-ip") : undefined;
  // The last entry is the one that the proxy itself has added.
  const forwarded = NEARBY.test(peer)
    ? c.req.header("x-forwarded-for")?.split(",").at(-1)?.trim()
    : undefined;
  return network(fly ?? forwarded ?? peer);
}

const NEARBY = /^(127|10|192\.168|172\.(1[6-9]|2\d|3[01]))\.|^(::1$|f[cd][0-9a-f]{2}:)/i;

function network(written: string): string {
  const address = withoutPort(written);
  // The parser of URLs knows each way to write one, and writes each address in one way alone.
  const url = `http://[${address}]`;
  if (!address.includes(":") || !URL.canParse(url)) return address.slice(0, 64);
  const [head, tail] = new URL(url).hostname.slice(1, -1).split("::") as [string, string?];
  const front = head === "" ? [] : head.split(":");
  const back = tail ? tail.split(":") : [];
  const zeros = tail === undefined ? 0 : 8 - front.length - back.length;
  const groups = [...front, ...Array<string>(zeros).fill("0"), ...back];
  if (MAPPED.test(groups.join(":"))) return dotted(groups.slice(6));
  return `${groups.slice(0, 4).join(":")}::/64`;
}

/** IPv4 in IPv6, as sockets that take both show it. */
const MAPPED = /^(0:){5}ffff:/;

const dotted = (groups: string[]) =>
  groups.map((hex) => parseInt(hex, 16)).map((n) => `${n >> 8}.${n & 255}`).join(".");

/** Some proxies add the port, and then write IPv6 in brackets. */
function withoutPort(written: string): string {
  return /^\[([^\]]*)\]/.exec(written)?.[1] ?? written.replace(/^([^:]*):\d*$/, "$1");
}
