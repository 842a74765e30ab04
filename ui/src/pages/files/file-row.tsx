// SPDX-License-Identifier: GPL-3.0-or-later
import { memo, type CSSProperties, type MouseEvent } from 'react';
import { CheckIcon, EllipsisHorizontalIcon } from '@heroicons/react/24/outline';
import { formatBytes, formatTime } from '../../lib/format';
import { t, tn } from '../../lib/i18n';
import { startDrag } from './drag';
import { FileIcon } from './file-icon';
import { NotHere } from './not-here';
import type { AnyRow } from './rows';
import { useDrop } from './use-drop';
import classes from './file-table.module.css';

export interface RowHandlers {
  open: (row: AnyRow) => void;
  select: (row: AnyRow, event: MouseEvent) => void;
  toggle: (row: AnyRow) => void;
  menu: (row: AnyRow, x: number, y: number) => void;
  dragPaths: (row: AnyRow) => string[];
}

interface FileRowProps {
  vault: string;
  row: AnyRow;
  index: number;
  selected: boolean;
  active: boolean;
  style: CSSProperties;
  handlers: RowHandlers;
}

export const rowId = (index: number): string => `file-row-${index}`;

function Cells({ vault, row }: { vault: string; row: AnyRow }) {
  const size = row.kind === 'folder' ? tn('{n} file', '{n} files', row.folder.files) : formatBytes(row.size);
  const detail = row.kind === 'folder' ? `${size} · ${formatBytes(row.size)}` : `${size} · ${formatTime(row.time)}`;
  return (
    <>
      <span role="gridcell" className={classes.nameCell}>
        <FileIcon row={row} />
        <span className={classes.nameText}>
          <span className={classes.name} data-open>
            {row.name}
          </span>
          <span className={classes.detail} aria-hidden>
            {detail}
          </span>
        </span>
        {row.kind === 'file' && row.file.deleted ? <span className={classes.badge}>{t('deleted')}</span> : null}
        {row.kind === 'file' && !row.file.deleted ? <NotHere vault={vault} file={row.file} /> : null}
        {row.kind === 'file' && row.file.conflict ? <span className={classes.badge}>{t('conflict')}</span> : null}
      </span>
      <span role="gridcell" className={classes.sizeCell}>
        {row.kind === 'folder' ? `${size}, ${formatBytes(row.size)}` : size}
      </span>
      <span role="gridcell" className={classes.timeCell}>
        {formatTime(row.time)}
      </span>
    </>
  );
}

/** One row. The keyboard is handled by the table, which tells the active row to screen readers. */
export const FileTableRow = memo(function FileTableRow(props: FileRowProps) {
  const { vault, row, index, selected, active, style, handlers } = props;
  const { over, props: dropProps } = useDrop(vault, row.path, 'both');
  const onClick = (event: MouseEvent): void => {
    const target = event.target as HTMLElement;
    const plain = !event.shiftKey && !event.ctrlKey && !event.metaKey;
    if (plain && target.closest('[data-open]') !== null) handlers.open(row);
    else handlers.select(row, event);
  };
  return (
    // eslint-disable-next-line jsx-a11y/click-events-have-key-events -- keys arrive at the table, which has the focus
    <div
      role="row"
      id={rowId(index)}
      tabIndex={-1}
      aria-rowindex={index + 2}
      aria-selected={selected}
      className={classes.row}
      data-active={active}
      data-over={over && row.kind === 'folder'}
      data-deleted={row.kind === 'file' && row.file.deleted}
      style={style}
      draggable={row.kind !== 'trash'}
      onDragStart={(event) => startDrag(event, handlers.dragPaths(row))}
      onClick={onClick}
      onDoubleClick={(event) => {
        if ((event.target as HTMLElement).closest('[data-open]') === null) handlers.open(row);
      }}
      onContextMenu={(event) => {
        event.preventDefault();
        handlers.menu(row, event.clientX, event.clientY);
      }}
      {...(row.kind === 'folder' ? dropProps : {})}
    >
      <span role="gridcell" className={classes.checkCell}>
        {/* eslint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the space bar does this */}
        <span
          className={classes.check}
          data-checked={selected}
          onClick={(event) => {
            event.stopPropagation();
            handlers.toggle(row);
          }}
          onDoubleClick={(event) => event.stopPropagation()}
        >
          <span className={classes.checkBox}>{selected ? <CheckIcon width={14} height={14} aria-hidden /> : null}</span>
        </span>
      </span>
      <Cells vault={vault} row={row} />
      <span role="gridcell" className={classes.moreCell}>
        <button
          type="button"
          tabIndex={-1}
          className={classes.more}
          aria-label={t('Actions for {name}', { name: row.name })}
          onClick={(event) => {
            event.stopPropagation();
            const box = event.currentTarget.getBoundingClientRect();
            handlers.menu(row, box.right, box.bottom);
          }}
        >
          <EllipsisHorizontalIcon width={20} height={20} aria-hidden />
        </button>
      </span>
    </div>
  );
});
