import { OWNER } from '../../catalog.ts';
import { ownerSubresources } from '../../registry/accounts/paths.ts';

/** The mount that matches a path. */
export interface Found<V> {
  readonly value: V;
  /** The owner as written in the path, encoded; empty for mounts without one. */
  readonly owner: string;
  /** The index of the slash where the rest of the path begins; the length of the path if there is no rest. */
  readonly end: number;
}

interface Node<V> {
  readonly edges: Edge<V>[];
  /** The same edges by their first segment, if there are more than `FEW`. */
  bySegment: ReadonlyMap<string, Edge<V>> | undefined;
  owner: Node<V> | undefined;
  value: V | undefined;
}

/** The segments between two nodes, each with a leading slash: `/api/v4`. */
interface Edge<V> {
  label: string;
  node: Node<V>;
}

const wellFormed = /^(?:\/[^/{}]+)*(?:\/\{owner\})?(?:\/[^/{}]+)*$/;

/** Up to this many edges are compared one by one, which needs no substring; more are looked up in a map. */
const FEW = 6;

/**
 * Compiles paths of mounts into a tree, so that the time to match a request does not depend on the number of
 * formats. The longest mount wins, and a literal segment takes precedence over an owner.
 *
 * An owner is one segment or, in mounts that continue after it, one or more. It ends before the first segment that
 * can follow it or that is reserved (no project or group can have that name), so package names further on never
 * matter.
 * @throws Error when two mounts have the same path, or a path is malformed
 */
export function compileMounts<V>(
  mounts: readonly { readonly path: string; readonly value: V }[],
): (path: string) => Found<V> | undefined {
  const root = emptyNode<V>();
  for (const { path, value } of mounts) {
    if (path === '' || !wellFormed.test(path)) throw new Error(`${path} is not the path of a mount`);
    let node = root;
    for (const segment of path.slice(1).split('/')) node = child(node, segment);
    if (node.value !== undefined) throw new Error(`two formats are served at ${path}`);
    node.value = value;
  }
  compress(root, false);
  return (path) => descend(root, path, 0, '');
}

function emptyNode<V>(): Node<V> {
  return { edges: [], bySegment: undefined, owner: undefined, value: undefined };
}

function child<V>(node: Node<V>, segment: string): Node<V> {
  if (segment === OWNER) {
    node.owner ??= emptyNode();
    return node.owner;
  }
  const label = `/${segment}`;
  let edge = node.edges.find((each) => each.label === label);
  if (!edge) {
    edge = { label, node: emptyNode() };
    node.edges.push(edge);
  }
  return edge.node;
}

/**
 * Merges segments between which no path branches off. Segments right after an owner stay separate, because each of
 * them ends the owner.
 */
function compress<V>(node: Node<V>, afterOwner: boolean): void {
  for (const edge of node.edges) {
    compress(edge.node, false);
    const { edges, owner, value } = edge.node;
    const [only, ...others] = edges;
    if (afterOwner || owner || value !== undefined || !only || others.length > 0) continue;
    edge.label += only.label;
    edge.node = only.node;
  }
  if (node.owner) compress(node.owner, true);
  if (node.edges.length <= FEW) return;
  node.bySegment = new Map(node.edges.map((edge) => [edge.label.slice(1).split('/', 1)[0] ?? '', edge]));
}

/** Finds the longest mount below a node; `at` is the index of the slash after the part matched so far. */
function descend<V>(node: Node<V>, path: string, at: number, owner: string): Found<V> | undefined {
  const edge = edgeAt(node, path, at);
  const found =
    (edge && descend(edge.node, path, at + edge.label.length, owner)) ??
    (node.owner && withOwner(node.owner, path, at));
  if (found) return found;
  return node.value === undefined ? undefined : { value: node.value, owner, end: at };
}

/** Finds the longest mount below an owner that begins after the slash at `start`. */
function withOwner<V>(node: Node<V>, path: string, start: number): Found<V> | undefined {
  const first = segmentEnd(path, start + 1);
  // An empty segment is not an owner.
  if (first <= start + 1) return undefined;
  for (let end = first; end < path.length; end = segmentEnd(path, end + 1)) {
    const edge = edgeAt(node, path, end);
    if (edge) {
      const found = descend(edge.node, path, end + edge.label.length, path.slice(start + 1, end));
      if (found) return found;
      break;
    }
    if (ownerSubresources.has(path.slice(end + 1, segmentEnd(path, end + 1)))) break;
  }
  if (node.value === undefined) return undefined;
  return { value: node.value, owner: path.slice(start + 1, first), end: first };
}

function edgeAt<V>(node: Node<V>, path: string, at: number): Edge<V> | undefined {
  if (node.bySegment) {
    const edge = node.bySegment.get(path.slice(at + 1, segmentEnd(path, at + 1)));
    return edge && isAt(edge.label, path, at) ? edge : undefined;
  }
  for (const edge of node.edges) if (isAt(edge.label, path, at)) return edge;
  return undefined;
}

/** Whether a path contains the segments of a label at an index, the last one in full. */
function isAt(label: string, path: string, at: number): boolean {
  if (!path.startsWith(label, at)) return false;
  const end = at + label.length;
  return end === path.length || path.charCodeAt(end) === SLASH;
}

const SLASH = 47;

function segmentEnd(path: string, start: number): number {
  const slash = path.indexOf('/', start);
  return slash < 0 ? path.length : slash;
}
