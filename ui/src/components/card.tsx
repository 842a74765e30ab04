// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Text, Title } from '@mantine/core';
import type { Icon } from './icon-button';
import classes from './card.module.css';

/** Cards side by side, as many as there is room for. */
export function Cards({ children }: { children: ReactNode }) {
  return <div className={classes.cards}>{children}</div>;
}

/** A part of a page that has a title. */
export function Card({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className={`mh-card ${classes.card}`} aria-label={title}>
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </section>
  );
}

/** What is listed by one tile each. */
export function Tiles({ children }: { children: ReactNode }) {
  return <ul className={classes.tiles}>{children}</ul>;
}

/** Stands where tiles will be, as children that are no list. */
export function TilesToCome({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.tiles} role="status" aria-label={label}>
      {children}
    </div>
  );
}

interface TileProps {
  icon: Icon;
  name: string;
  /** Where the whole tile leads. */
  href: string;
  /** Below the name. */
  detail: string;
  detailColor?: string;
  /** Whether it is not there at the moment. */
  faded?: boolean;
  /** Beside the name. */
  aside?: ReactNode;
  children: ReactNode;
}

/** One thing of a list, with a link to it. */
export function Tile({ icon: Glyph, name, href, detail, detailColor = 'dimmed', faded = false, aside, children }: TileProps) {
  return (
    <li className={`mh-card ${classes.tile}`} data-faded={faded}>
      <div className={classes.top}>
        <span className={classes.glyph}>
          <Glyph width={22} aria-hidden />
        </span>
        <div className={classes.names}>
          <a className={classes.name} href={href}>
            {name}
          </a>
          <Text size="sm" c={detailColor}>
            {detail}
          </Text>
        </div>
        {aside === undefined ? null : <div className={classes.aside}>{aside}</div>}
      </div>
      {children}
    </li>
  );
}

/** Names and what they stand for. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>;
}

export function Fact({ name, wide = false, children }: { name: string; wide?: boolean; children: ReactNode }) {
  return (
    <div className={wide ? classes.wide : undefined}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
