// SPDX-License-Identifier: GPL-3.0-or-later
import { sentence } from '../lib/errors';
import { tn } from '../lib/i18n';
import classes from './problem-list.module.css';

interface ProblemListProps {
  /** What is seen before it is opened. */
  title: string;
  /** What the list is, for screen readers. */
  label: string;
  /** How many there are; the list may name fewer. */
  count: number;
  problems: { path: string; error: string }[];
}

/** Files that something is the matter with, behind a line that opens; nothing when there are none. */
export function ProblemList({ title, label, count, problems }: ProblemListProps) {
  if (count === 0) return null;
  const more = count - problems.length;
  return (
    <details className={classes.list}>
      <summary>{title}</summary>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it */}
      <ul tabIndex={0} aria-label={label}>
        {problems.map(({ path, error }) => (
          <li key={path}>
            {path} <span className={classes.why}>{sentence(error)}</span>
          </li>
        ))}
        {more > 0 ? <li>{tn('and {n} more', 'and {n} more', more)}</li> : null}
      </ul>
    </details>
  );
}
