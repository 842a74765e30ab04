// SPDX-License-Identifier: GPL-3.0-or-later
import { useState } from 'react';
import { Loader, Text, TextInput, UnstyledButton } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { ArrowUpIcon, FolderIcon } from '@heroicons/react/24/solid';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { browseQuery } from '../../api/system';
import { errorText } from '../../lib/errors';
import { t } from '../../lib/i18n';
import classes from '../../components/folder-list.module.css';

const TYPING_MS = 250;

interface HostFolderProps {
  label: string;
  description: string;
  /** Empty for the home folder. */
  path: string;
  setPath: (path: string) => void;
  error: string | null;
}

function Entry({ icon: Glyph, children, onClick }: { icon: typeof FolderIcon; children: string; onClick: () => void }) {
  return (
    <li>
      <UnstyledButton className={classes.entry} onClick={onClick}>
        <Glyph width={18} aria-hidden />
        {children}
      </UnstyledButton>
    </li>
  );
}

/** Chooses a folder of the machine that MeshHold runs on: typed, or by going through the folders. */
export function HostFolder({ label, description, path, setPath, error }: HostFolderProps) {
  const [typed, setTyped] = useState(path);
  const [wanted] = useDebouncedValue(typed, TYPING_MS);
  const query = useQuery({ ...browseQuery(wanted), placeholderData: keepPreviousData });
  const go = (to: string): void => {
    setTyped(to);
    setPath(to);
  };
  const { data } = query;
  return (
    <div>
      <TextInput
        data-autofocus
        label={label}
        description={description}
        value={typed}
        placeholder={data?.path ?? ''}
        onChange={(event) => go(event.currentTarget.value)}
        error={error}
        autoComplete="off"
        spellCheck={false}
        mb="xs"
      />
      <ul className={classes.list} aria-label={t('Folders of this machine')} aria-busy={query.isFetching}>
        {query.isError ? (
          <li>
            <Text size="sm" c="dimmed" p="xs" role="status">
              {errorText(query.error)}
            </Text>
          </li>
        ) : null}
        {data?.parent == null ? null : (
          <Entry icon={ArrowUpIcon} onClick={() => go(data.parent ?? '/')}>
            {t('One level up')}
          </Entry>
        )}
        {data?.dirs.map((folder) => (
          <Entry key={folder.path} icon={FolderIcon} onClick={() => go(folder.path)}>
            {folder.name}
          </Entry>
        ))}
        {query.isPending ? <Loader size="sm" m="sm" aria-label={t('Loading')} /> : null}
        {data?.dirs.length === 0 && !query.isError ? (
          <li>
            <Text size="sm" c="dimmed" p="xs">
              {t('There are no folders here.')}
            </Text>
          </li>
        ) : null}
      </ul>
    </div>
  );
}
