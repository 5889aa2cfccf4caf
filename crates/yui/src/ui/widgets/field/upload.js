// Says that a file is too large before it is sent; the server says so as well.
for (const field of document.querySelectorAll('input[type=file][data-limit]')) {
  field.addEventListener('change', () => {
    const size = [...field.files].reduce((sum, file) => sum + file.size, 0);
    const tooLarge = size > Number(field.dataset.limit);
    field.setCustomValidity(tooLarge ? field.dataset.tooLarge : '');
    field.reportValidity();
  });
  field.form.addEventListener('submit', (event) => {
    if (!field.validationMessage || !field.validity.customError) return;
    event.preventDefault();
    field.reportValidity();
  });
}
