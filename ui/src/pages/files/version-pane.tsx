// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Loader, NativeSelect, Text } from '@mantine/core';
import type { FileVersion } from '../../api/types';
import { Failure } from '../../components/failure';
import { formatBytes, formatTime } from '../../lib/format';
import { t } from '../../lib/i18n';
import type { DiffLine } from '../../lib/text-diff';
import { Look, useDiff, type LookProps } from './version-look';
import classes from './versions.module.css';

function Line({ line }: { line: DiffLine }) {
  switch (line.kind) {
    case 'added':
      return <ins className={classes.added}>{`+ ${line.text}\n`}</ins>;
    case 'removed':
      return <del className={classes.removed}>{`- ${line.text}\n`}</del>;
    case 'gap':
      return <span className={classes.gap}>{'⋯\n'}</span>;
    case 'same':
      return `  ${line.text}\n`;
  }
}

function Difference({ vault, path, version, other }: LookProps & { other: FileVersion }) {
  const [older, newer] = other.ts_ms <= version.ts_ms ? [other, version] : [version, other];
  const diff = useDiff(vault, path, older, newer);
  if (diff.state === 'failed') return <Failure error={diff.error} />;
  if (diff.state === 'loading') return <Loader role="status" aria-label={t('Loading')} />;
  if (diff.state === 'binary') return <Text c="dimmed">{t('Only texts can be compared.')}</Text>;
  if (diff.state === 'large') return <Text c="dimmed">{t('These versions are too large or too different to be compared here.')}</Text>;
  if (diff.lines.length === 0) return <Text c="dimmed">{t('The two have the same content.')}</Text>;
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it
    <pre tabIndex={0} className={classes.text} aria-label={t('Changes from {before} to {after}', { before: formatTime(older.ts_ms), after: formatTime(newer.ts_ms) })}>
      {diff.lines.map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </pre>
  );
}

/** Looks at one version, or at what has changed between it and another. */
export function VersionPane({ versions, ...pane }: LookProps & { versions: FileVersion[] }) {
  const [wanted, setWanted] = useState('');
  const others = versions.filter((one) => one.content_hash !== null && one.version_hash !== pane.version.version_hash);
  const other = others.find((one) => one.version_hash === wanted);
  return (
    <section className={classes.pane} aria-label={t('Version of {time}', { time: formatTime(pane.version.ts_ms) })}>
      <NativeSelect
        label={t('Compare with')}
        value={other?.version_hash ?? ''}
        onChange={(event) => setWanted(event.currentTarget.value)}
        data={[
          { value: '', label: t('nothing: show this version') },
          ...others.map((one) => ({
            value: one.version_hash,
            label: `${formatTime(one.ts_ms)} · ${formatBytes(one.size)}${one.current ? ` · ${t('current')}` : ''}`,
          })),
        ]}
      />
      {other === undefined ? <Look key={pane.version.version_hash} {...pane} /> : <Difference {...pane} other={other} />}
    </section>
  );
}
