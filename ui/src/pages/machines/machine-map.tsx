// SPDX-License-Identifier: GPL-3.0-or-later
import { useMemo, useState } from 'react';
import { Skeleton, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useQuery } from '@tanstack/react-query';
import { topologyQuery } from '../../api/mesh';
import type { Topology } from '../../api/types';
import { Card } from '../../components/card';
import { Failure } from '../../components/failure';
import { t, tn } from '../../lib/i18n';
import { hrefOf } from '../../lib/router';
import { isSparse, labelRoom, placeMachines, type Point } from './map-layout';
import classes from './machine-map.module.css';
import { carrierName, machineName, roundTrip } from './names';

type MapNode = Topology['nodes'][number];
type Edge = Topology['edges'][number];

const HIGHEST = 340;
const LETTER = 7;
const MOST_LABELS = 15;

const touches = ({ a, b }: Edge, id: string): boolean => a === id || b === id;

/** What a machine is on the map, in words. */
function described(node: MapNode, edges: Edge[]): string {
  const own = edges.filter((edge) => touches(edge, node.node_id)).length;
  const parts = [machineName(node), node.online ? t('online') : t('offline')];
  if (node.self) parts.push(t('this machine'));
  return [...parts, tn('{n} link', '{n} links', own)].join(', ');
}

function short(name: string, room: number): string {
  const letters = Array.from(name);
  const most = Math.max(4, Math.floor(room / LETTER));
  return letters.length <= most ? name : `${letters.slice(0, most - 1).join('')}…`;
}

interface Ends {
  edge: Edge;
  from: Point;
  to: Point;
}

/** How long the way is, beside the middle, where the lines of opposite machines cross. */
function Time({ edge, from, to }: Ends) {
  if (edge.rtt_ms === null) return null;
  const part = from.angle === null || to.angle === null ? 0.5 : 0.4;
  return (
    <text
      aria-hidden
      className={classes.time}
      x={from.x + (to.x - from.x) * part}
      y={from.y + (to.y - from.y) * part + 4}
      textAnchor="middle"
    >
      {roundTrip(edge.rtt_ms)}
    </text>
  );
}

interface LabelPlace {
  dx: number;
  dy: number;
  anchor: 'start' | 'middle' | 'end';
}

function labelPlace({ angle }: Point, named: 'outside' | 'above'): LabelPlace {
  if (named === 'above') return { dx: 0, dy: -16, anchor: 'middle' };
  if (angle === null) return { dx: 0, dy: 28, anchor: 'middle' };
  const side = Math.cos(angle);
  if (Math.abs(side) > 0.3) return { dx: side > 0 ? 16 : -16, dy: 4, anchor: side > 0 ? 'start' : 'end' };
  return { dx: 0, dy: Math.sin(angle) > 0 ? 26 : -17, anchor: 'middle' };
}

interface MarkProps {
  node: MapNode;
  point: Point;
  label: string;
  setActive: (id: string | null) => void;
}

function Mark({ node, point, label, setActive }: MarkProps) {
  const enter = (): void => setActive(node.node_id);
  const leave = (): void => setActive(null);
  return (
    <a
      href={hrefOf({ page: 'machine', node: node.node_id })}
      className={classes.mark}
      aria-label={label}
      onMouseEnter={enter}
      onMouseLeave={leave}
      onFocus={enter}
      onBlur={leave}
    >
      <circle className={classes.target} cx={point.x} cy={point.y} r={13} />
      <circle className={classes.dot} data-online={node.online} data-self={node.self} cx={point.x} cy={point.y} r={node.self ? 11 : 8} />
    </a>
  );
}

/** As much of the name as there is room for; the link beside it has the whole. */
function Name({ node, point, named, room }: { node: MapNode; point: Point; named: 'outside' | 'above'; room: number }) {
  const { dx, dy, anchor } = labelPlace(point, named);
  return (
    <text aria-hidden className={classes.name} x={point.x + dx} y={point.y + dy} textAnchor={anchor}>
      {short(machineName(node), room)}
    </text>
  );
}

function Picture({ topology, width }: { topology: Topology; width: number }) {
  const [chosen, setActive] = useState<string | null>(null);
  const { nodes, edges } = topology;
  const height = Math.min(width, HIGHEST);
  const self = nodes.find((node) => node.self)?.node_id ?? null;
  const active = chosen ?? self;
  const points = useMemo(
    () => placeMachines(nodes.map(({ node_id }) => node_id), self, width, height),
    [nodes, self, width, height],
  );
  const sparse = isSparse(nodes.length);
  const own = edges.filter((edge) => active !== null && touches(edge, active));
  const labelled = new Set(edges.length <= MOST_LABELS ? edges : own.length <= MOST_LABELS ? own : []);
  const lines = edges.flatMap((edge): Ends[] => {
    const from = points.get(edge.a);
    const to = points.get(edge.b);
    return from === undefined || to === undefined ? [] : [{ edge, from, to }];
  });
  const shown = nodes.find(({ node_id }) => node_id === active);
  return (
    <>
      <svg className={classes.map} width={width} height={height} role="group" aria-label={t('Machines and the links between them')}>
        {lines.map(({ edge, from, to }) => (
          <line
            key={`${edge.a} ${edge.b}`}
            aria-hidden
            className={classes.line}
            data-active={own.includes(edge)}
            data-relay={edge.carrier === 'relay'}
            x1={from.x}
            y1={from.y}
            x2={to.x}
            y2={to.y}
          />
        ))}
        {lines.filter(({ edge }) => labelled.has(edge)).map((ends) => (
          <Time key={`${ends.edge.a} ${ends.edge.b}`} {...ends} />
        ))}
        {nodes.map((node) => (
          <Mark
            key={node.node_id}
            node={node}
            point={points.get(node.node_id)!}
            label={described(node, edges)}
            setActive={setActive}
          />
        ))}
        {nodes.filter(({ node_id: id }) => sparse || id === chosen).map((node) => (
          <Name
            key={node.node_id}
            node={node}
            point={points.get(node.node_id)!}
            named={sparse ? 'outside' : 'above'}
            room={labelRoom(width) - 16}
          />
        ))}
      </svg>
      <Text size="sm" c="dimmed" aria-hidden className={classes.reading}>
        {shown === undefined ? ' ' : described(shown, edges)}
      </Text>
      {edges.some(({ carrier }) => carrier === 'relay') ? (
        <Text size="sm" c="dimmed">
          {t('A dashed line goes through a relay.')}
        </Text>
      ) : null}
    </>
  );
}

/** The links as a table, for those who would rather read. */
function Links({ nodes, edges }: Topology) {
  const nameOf = (id: string): string => machineName(nodes.find(({ node_id }) => node_id === id) ?? { node_id: id, display_name: '' });
  return (
    <details className={classes.links}>
      <summary>{t('Links as a table')}</summary>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <div tabIndex={0} role="region" aria-label={t('Links between machines')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{t('One end')}</th>
              <th scope="col">{t('Other end')}</th>
              <th scope="col">{t('Round trip')}</th>
              <th scope="col">{t('Connection')}</th>
            </tr>
          </thead>
          <tbody>
            {edges.map(({ a, b, rtt_ms: rtt, carrier }) => (
              <tr key={`${a} ${b}`}>
                <td>{nameOf(a)}</td>
                <td>{nameOf(b)}</td>
                <td>{roundTrip(rtt)}</td>
                <td>{carrierName(carrier)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}

/** Who is connected to whom. */
export function MachineMap({ network }: { network: string }) {
  const query = useQuery(topologyQuery(network));
  const { ref, width } = useElementSize();
  return (
    <Card title={t('Map')}>
      {query.isPending ? <Skeleton h={260} radius={14} role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      <div ref={ref} className={classes.frame}>
        {query.data === undefined || width === 0 ? null : <Picture topology={query.data} width={width} />}
      </div>
      {query.data === undefined || query.data.edges.length === 0 ? null : <Links {...query.data} />}
    </Card>
  );
}
