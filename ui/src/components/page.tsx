// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef, type ReactNode } from 'react';
import { Title } from '@mantine/core';
import { t } from '../lib/i18n';
import classes from './page.module.css';

interface PageProps {
  title: string;
  /** Stands in place of the visible heading; the heading stays there for screen readers. */
  heading?: ReactNode;
  actions?: ReactNode;
  wide?: boolean;
  children: ReactNode;
}

let shownBefore = false;

/** The frame of a page: its title in the window and at the top, which takes the focus on arrival. */
export function Page({ title, heading, actions, wide = false, children }: PageProps) {
  const top = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = t('{page} – MeshHold', { page: title });
  }, [title]);
  useEffect(() => {
    // the first page leaves the focus where the browser put it
    if (shownBefore) top.current?.focus({ preventScroll: true });
    shownBefore = true;
  }, []);
  return (
    <div className={wide ? classes.wide : classes.page}>
      <div className={classes.head}>
        <div className={classes.title}>
          <Title
            order={1}
            size="h2"
            ref={top}
            tabIndex={-1}
            className={heading === undefined ? classes.heading : classes.hidden}
          >
            {title}
          </Title>
          {heading}
        </div>
        {actions === undefined ? null : <div className={classes.actions}>{actions}</div>}
      </div>
      {children}
    </div>
  );
}
