// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Badge, Button, Group, Loader, Modal, Stack, Text, Title } from '@mantine/core';
import { CheckIcon, DocumentDuplicateIcon } from '@heroicons/react/24/outline';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { copyFile, fileHistory, resolveConflict, restoreFile } from '../../api/files';
import type { FileVersion } from '../../api/types';
import { Failure } from '../../components/failure';
import { notifyDone, notifyError } from '../../components/notify';
import { useReturnFocus } from '../../components/use-return-focus';
import { formatBytes, formatTime, formatTimeLong } from '../../lib/format';
import { t } from '../../lib/i18n';
import { joinPath, markedName, nameOf, parentOf } from '../../lib/paths';
import { sideBySide, type SideLine } from '../../lib/text-diff';
import { useMachines, type Machines } from '../machines/use-machines';
import { canKeepAll, contentsOf, headsOf, keepAll, plainName, stamp } from './heads';
import { Look, useDiff } from './version-look';
import classes from './conflict.module.css';
import versions from './versions.module.css';

interface ConflictProps {
  vault: string;
  path: string;
  name: string;
  close: () => void;
}

interface SidesProps extends ConflictProps {
  heads: FileVersion[];
  machines: Machines;
}

/** Where a version goes that is kept beside the file. */
function pathBeside(path: string, version: FileVersion, { nameOf: machine }: Machines): string {
  const mark = t('conflict {machine} {time}', { machine: plainName(machine(version.author)), time: stamp(version.ts_ms) });
  return joinPath(parentOf(path), markedName(nameOf(path), mark));
}

function useResolve({ vault, path, close, heads, machines }: SidesProps) {
  const client = useQueryClient();
  const settled = (): void => {
    void client.invalidateQueries({ queryKey: ['history', vault, path] });
    void client.invalidateQueries({ queryKey: ['files', vault] });
  };
  const keepOne = useMutation({
    mutationFn: (version: FileVersion) => resolveConflict(vault, path, version.version_hash),
    onSuccess: (_file, version) => {
      notifyDone(t('The version of {time} is the current one again.', { time: formatTime(version.ts_ms) }));
      close();
    },
    onError: (error) => notifyError(error),
    onSettled: settled,
  });
  const keepBoth = useMutation({
    mutationFn: () =>
      keepAll(
        {
          resolve: (version) => resolveConflict(vault, path, version.version_hash),
          restore: (version) => restoreFile(vault, path, version.content_hash),
          copy: async (version) => (await copyFile(vault, path, pathBeside(path, version, machines), 'rename')).to,
        },
        heads,
      ),
    onSuccess: (paths) => {
      notifyDone(t('Beside it is now: {name}', { name: paths.map(nameOf).join(', ') }));
      close();
    },
    onError: (error) => notifyError(error, t('Not everything could be kept beside it; the history of the file has it')),
    onSettled: settled,
  });
  return { keepOne, keepBoth };
}

function Line({ line }: { line: SideLine }) {
  switch (line.kind) {
    case 'own':
      return <mark className={classes.own}>{`› ${line.text}\n`}</mark>;
    case 'gap':
      return <span className={versions.gap}>{'⋯\n'}</span>;
    case 'other':
      return <span className={classes.other}>{'\n'}</span>;
    case 'same':
      return `  ${line.text}\n`;
  }
}

function SideText({ label, lines }: { label: string; lines: SideLine[] }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it
    <pre tabIndex={0} className={`${versions.text} ${classes.text}`} aria-label={label}>
      {lines.map((line, index) => (
        <Line key={index} line={line} />
      ))}
    </pre>
  );
}

interface SideProps {
  version: FileVersion;
  path: string;
  machines: Machines;
  keep: () => void;
  pending: boolean;
  children: ReactNode;
}

/** One of the newest versions: whose it is, what it looks like, and the choice of it. */
function Side({ version, path, machines, keep, pending, children }: SideProps) {
  const machine = machines.titleOf(version.author);
  return (
    <section className={classes.side} aria-label={t('Version of {machine}', { machine })}>
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <div className={classes.whose}>
          <Title order={3} size="h5">
            {machine}
          </Title>
          <Text size="sm" c="dimmed">
            <time dateTime={new Date(version.ts_ms).toISOString()} title={formatTimeLong(version.ts_ms)}>
              {formatTime(version.ts_ms)}
            </time>
            {version.content_hash === null ? null : ` · ${formatBytes(version.size)}`}
          </Text>
          {version.path === path ? null : <Text size="sm">{t('Moved to {path}', { path: version.path })}</Text>}
        </div>
        {version.current ? (
          <Badge variant="filled" tt="none" miw="max-content">
            {t('shown now')}
          </Badge>
        ) : null}
      </Group>
      {children}
      <Button
        variant="default"
        leftSection={<CheckIcon width={18} aria-hidden />}
        loading={pending}
        aria-label={t('Keep this one: {machine}', { machine })}
        onClick={keep}
      >
        {version.content_hash === null ? t('Let it stay deleted') : t('Keep this one')}
      </Button>
    </section>
  );
}

/** What is in two versions, with what only one of them has at the same height as the room for it in the other. */
function useTwoTexts({ vault, path, heads, machines }: SidesProps): [ReactNode, ReactNode] | 'loading' | null {
  const [first, second] = heads as [FileVersion, FileVersion];
  const diff = useDiff(vault, path, first, second);
  if (diff.state === 'loading') return 'loading';
  if (diff.state !== 'known' || diff.lines.length === 0) return null;
  const [left, right] = sideBySide(diff.lines);
  const label = (version: FileVersion): string => t('Text of {name}', { name: machines.titleOf(version.author) });
  return [<SideText key="left" label={label(first)} lines={left} />, <SideText key="right" label={label(second)} lines={right} />];
}

function Compared(props: SidesProps & { draw: (content: (version: FileVersion, index: number) => ReactNode) => ReactNode }) {
  const { draw, vault, path, name } = props;
  const texts = useTwoTexts(props);
  return draw((version, index) =>
    texts === 'loading' ? (
      <Loader role="status" aria-label={t('Loading')} />
    ) : (
      (texts?.[index] ?? <Look vault={vault} path={path} name={name} version={version} />)
    ),
  );
}

function Sides(props: SidesProps) {
  const { vault, path, name, heads, machines } = props;
  const { keepOne, keepBoth } = useResolve(props);
  const busy = keepOne.isPending || keepBoth.isPending;
  const [kept, ...others] = contentsOf(heads);
  const draw = (content: (version: FileVersion, index: number) => ReactNode): ReactNode => (
    <div className={classes.sides}>
      {heads.map((version, index) => (
        <Side key={version.version_hash} {...{ version, path, machines }} pending={busy} keep={() => keepOne.mutate(version)}>
          {version.content_hash === null ? <Text>{t('Deleted there.')}</Text> : content(version, index)}
        </Side>
      ))}
    </div>
  );
  const comparable = heads.length === 2 && heads.every(({ content_hash: hash }) => hash !== null);
  return (
    <Stack>
      <Text size="sm">
        {t('It was changed in several places without one knowing of the other. Choose what is to have the name of the file; the others stay in its history.')}
      </Text>
      {comparable ? (
        <Compared {...props} draw={draw} />
      ) : (
        draw((version) => <Look vault={vault} path={path} name={name} version={version} />)
      )}
      {canKeepAll(heads) && kept !== undefined ? (
        <div className={classes.both}>
          <Text size="sm" c="dimmed" className={classes.whose}>
            {t('What is shown now keeps the name, and beside it comes: {name}', {
              name: others.map((version) => nameOf(pathBeside(path, version, machines))).join(', '),
            })}
          </Text>
          <Button leftSection={<DocumentDuplicateIcon width={18} aria-hidden />} loading={busy} onClick={() => keepBoth.mutate()}>
            {heads.length === 2 ? t('Keep both') : t('Keep all')}
          </Button>
        </div>
      ) : null}
    </Stack>
  );
}

/** The newest versions of a file side by side, to choose which one is to stay, or to keep all of them. */
export function Conflict(props: ConflictProps) {
  const { vault, path, name, close } = props;
  useReturnFocus();
  const machines = useMachines();
  const query = useQuery({
    queryKey: ['history', vault, path],
    queryFn: ({ signal }) => fileHistory(vault, path, signal),
  });
  const heads = query.data === undefined ? [] : headsOf(query.data);
  return (
    <Modal
      opened
      returnFocus={false}
      onClose={close}
      size="min(1200px, 100%)"
      centered
      lockScroll={false}
      title={t('Conflict of “{name}”', { name })}
      closeButtonProps={{ 'aria-label': t('Close') }}
    >
      {query.isPending ? <Loader role="status" aria-label={t('Loading')} /> : null}
      {query.isError ? <Failure error={query.error} retry={() => void query.refetch()} /> : null}
      {query.data !== undefined && heads.length < 2 ? <Text>{t('There is no conflict any more.')}</Text> : null}
      {heads.length < 2 ? null : <Sides {...props} heads={heads} machines={machines} />}
    </Modal>
  );
}
