// SPDX-License-Identifier: GPL-3.0-or-later
import type { ReactNode } from 'react';
import { Modal, type ModalProps } from '@mantine/core';
import { t } from '../lib/i18n';
import { useReturnFocus } from './use-return-focus';

interface DialogProps extends Omit<ModalProps, 'lockScroll' | 'opened' | 'closeButtonProps'> {
  title: ReactNode;
}

/** A modal window. The page behind does not scroll anyway, and locking it would need a <style> element. */
export function Dialog({ children, ...rest }: DialogProps) {
  useReturnFocus();
  return (
    <Modal opened centered returnFocus={false} lockScroll={false} closeButtonProps={{ 'aria-label': t('Close') }} {...rest}>
      {children}
    </Modal>
  );
}
