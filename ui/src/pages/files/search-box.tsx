// SPDX-License-Identifier: GPL-3.0-or-later
import { useEffect, useRef, useState, type KeyboardEvent } from 'react';
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { MagnifyingGlassIcon } from '@heroicons/react/24/outline';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { searchQuery } from '../../api/files';
import type { File as VaultFile, FilesFound } from '../../api/types';
import { errorText } from '../../lib/errors';
import { formatBytes } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { parentOf } from '../../lib/paths';
import classes from './search-box.module.css';

const TYPING_MS = 120;
const LIST = 'search-results';
const optionId = (index: number): string => `${LIST}-${index}`;

/** "/" goes to the search from anywhere but a field. */
function useSlash(focus: () => void): void {
  const latest = useRef(focus);
  useEffect(() => {
    latest.current = focus;
  });
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent): void => {
      if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
      const target = event.target as HTMLElement;
      if (target.closest('input, textarea, select, [role=dialog]') !== null) return;
      event.preventDefault();
      latest.current();
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function statusText(found: FilesFound | undefined, error: Error | null): string {
  if (error !== null) return errorText(error);
  if (found === undefined) return t('Searching …');
  if (found.files.length === 0) return t('Nothing has such a name.');
  if (found.cursor !== null) return t('The first {n} are shown.', { n: found.files.length });
  return tn('{n} file', '{n} files', found.files.length);
}

function Option({ file, index, active, choose }: { file: VaultFile; index: number; active: boolean; choose: () => void }) {
  const folder = parentOf(file.path);
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- the keys arrive at the field
    <div id={optionId(index)} role="option" tabIndex={-1} aria-selected={active} className={classes.option} onMouseDown={(event) => event.preventDefault()} onClick={choose}>
      {file.name}
      <span className={classes.where}>
        {folder === '/' ? t('the top of the vault') : folder.slice(1)} · {formatBytes(file.size)}
      </span>
    </div>
  );
}

/** Finds files of the whole vault while one types. */
export function SearchBox({ vault, choose }: { vault: string; choose: (file: VaultFile) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState('');
  const [open, setOpen] = useState(false);
  const [active, setActive] = useState(0);
  const [settled] = useDebouncedValue(text.trim(), TYPING_MS);
  const wanted = text.trim() === '' ? '' : settled;
  const query = useQuery({ ...searchQuery(vault, wanted), enabled: wanted !== '', placeholderData: keepPreviousData });
  const files = wanted === '' ? [] : (query.data?.files ?? []);
  const shown = open && wanted !== '';
  const at = Math.min(active, files.length - 1);
  useSlash(() => input.current?.focus());
  useEffect(() => setActive(0), [wanted]);
  useEffect(() => {
    if (shown) document.getElementById(optionId(at))?.scrollIntoView({ block: 'nearest' });
  }, [shown, at]);

  const take = (file: VaultFile): void => {
    setText('');
    setOpen(false);
    choose(file);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const file = files[at];
    if (event.key === 'Escape' && text !== '') setText('');
    else if (event.key === 'ArrowDown' && files.length > 0) setActive((at + 1) % files.length);
    else if (event.key === 'ArrowUp' && files.length > 0) setActive((at + files.length - 1) % files.length);
    // while the answer is on its way the list is that of another text
    else if (event.key === 'Enter' && shown && file !== undefined && !query.isPlaceholderData && wanted === text.trim()) take(file);
    else return;
    event.preventDefault();
  };
  return (
    <div className={classes.box}>
      <TextInput
        ref={input}
        role="combobox"
        aria-label={t('Search the whole vault')}
        aria-expanded={shown}
        aria-controls={shown ? LIST : undefined}
        aria-autocomplete="list"
        aria-activedescendant={shown && files.length > 0 ? optionId(at) : undefined}
        placeholder={t('Search the vault ( / )')}
        leftSection={<MagnifyingGlassIcon width={18} aria-hidden />}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setOpen(true);
        }}
        onFocus={() => setOpen(true)}
        onBlur={() => setOpen(false)}
        onKeyDown={onKeyDown}
        autoComplete="off"
        spellCheck={false}
      />
      {shown ? (
        <div className={classes.list}>
          <div role="listbox" id={LIST} aria-label={t('Files that were found')} hidden={files.length === 0}>
            {files.map((file, index) => (
              <Option key={file.path} file={file} index={index} active={index === at} choose={() => take(file)} />
            ))}
          </div>
          <div className={classes.note} role="status">
            {statusText(query.data, query.error)}
          </div>
        </div>
      ) : null}
    </div>
  );
}
