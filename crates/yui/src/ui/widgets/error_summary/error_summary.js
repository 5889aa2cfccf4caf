// A form that comes back with mistakes: the summary is read out first.
document.querySelector('[data-focus]')?.focus();
